import tseslint from "typescript-eslint";

// Everything of strictTypeChecked holds, but for what is named here with its reason.
export default tseslint.config(
  { ignores: ["dist/**", "coverage/**", "node_modules/**", ".runtime/**", ".venv/**", "data/**", "src/app/dashboard/**"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // An empty async function is how a port says "nothing to do"; an `async` that only throws values keeps its signature.
      "@typescript-eslint/require-await": "off",
      // tsconfig's noPropertyAccessFromIndexSignature asks for the brackets that this rule would remove.
      "@typescript-eslint/dot-notation": "off",
      // noUncheckedIndexedAccess types every element as possibly undefined; the hot loops read typed arrays within their bounds.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Numbers in templates are what messages are made of.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // NestJS's modules are classes without members.
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
      eqeqeq: "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true, IIFEs: true }],
      "max-params": ["error", 3],
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Name what is exported." },
        { selector: "ExportAllDeclaration", message: "No barrels: import from the file that holds it." },
        { selector: "TSEnumDeclaration", message: "A union of words, or a const object." },
      ],
    },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "max-lines": ["error", { max: 500, skipBlankLines: true, skipComments: true }],
      "no-console": "off",
      // Parsed answers are compared with what they must be: the assertion is the check.
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
    },
  },
  {
    // Numeric kernels: an object for each call would be garbage in the innermost loop.
    files: ["forecasts/**/*.ts", "src/{account,decide,plan,purchase}/**/*.ts", "src/replay/clairvoyant/**/*.ts", "bench/**/*.ts"],
    rules: { "max-params": ["error", 5] },
  },
  { files: ["*.config.ts", "src/app/dashboard/vite.config.ts"], rules: { "no-restricted-syntax": "off" } },
);
