// A browser under the POSIX locale calls itself "en-US@posix", which Intl refuses and uPlot asks for while it loads.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
