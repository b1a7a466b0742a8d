/**
 * A record to fill whose keys come from outside (ids of a cloud, attributes of a sender, names of users). It has no prototype, so that
 * `__proto__` is a key like any other and `constructor` is there only when it was put there.
 */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** A record's own value; never what every object inherits. */
export function ownValue<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
