/** The value of an attribute. 64-bit integers outside ±2^53 are their decimal text; bytes are base64 text; an empty value is null. */
export type AttributeValue = string | number | boolean | null | readonly AttributeValue[] | { readonly [key: string]: AttributeValue };

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The one text form of a set of attributes, whatever their order on the wire: JSON with the keys sorted. */
export function canonicalAttributes(attributes: Attributes): string {
  return canonicalText(attributes);
}

function canonicalText(value: AttributeValue): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly AttributeValue[]).map(canonicalText).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalText(item)}`).join(",")}}`;
}

/** An attribute as a selector sees it: `service.name = "shop"`, `http.response.status_code = "200"`, `error = "true"`. */
export function attributeText(value: AttributeValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : canonicalText(value);
}

/** Whether all equalities of `select` hold on the point's attributes or, where the point lacks the key, the resource's. */
export function matchesSelect(select: Readonly<Record<string, string>>, point: Attributes, resource: Attributes): boolean {
  for (const [key, wanted] of Object.entries(select)) {
    const value = Object.hasOwn(point, key) ? point[key] : Object.hasOwn(resource, key) ? resource[key] : undefined;
    if (attributeText(value) !== wanted) return false;
  }
  return true;
}
