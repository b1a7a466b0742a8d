/** One action that an actuator calls, as IAM names it, and what it may be narrowed to. */
export interface AwsPermission {
  readonly action: string;
  /** An ARN, or "*" where the action knows no resource. */
  readonly resource: string;
  readonly write: boolean;
}

export interface IamPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly { readonly Sid: string; readonly Effect: "Allow"; readonly Action: readonly string[]; readonly Resource: readonly string[] }[];
}

/**
 * The least that IAM must allow: one statement for each set of resources, actions in order. With `writes: false` (modes
 * observe and recommend) it holds no action that changes anything.
 */
export function iamPolicy(permissions: readonly AwsPermission[], { writes }: { readonly writes: boolean }): IamPolicy {
  const actionsByResource = new Map<string, Set<string>>();
  for (const { action, resource, write } of permissions) {
    if (write && !writes) continue;
    actionsByResource.set(resource, (actionsByResource.get(resource) ?? new Set()).add(action));
  }
  const statements = [...actionsByResource].map(([resource, actions], index) => ({
    Sid: `Foretide${index + 1}`, Effect: "Allow" as const, Action: [...actions].sort(), Resource: [resource],
  }));
  return { Version: "2012-10-17", Statement: statements };
}

/** An ARN in any account, and in any region where none is given; the partition follows from the region. */
export function arn(service: string, region: string | undefined, resource: string): string {
  const partition = region?.startsWith("cn-") ? "aws-cn" : region?.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return `arn:${partition}:${service}:${region ?? "*"}:*:${resource}`;
}

class UndeclaredActionError extends Error {
  override readonly name = "UndeclaredActionError";
}

interface CommandStack {
  readonly middlewareStack: {
    add(middleware: (next: (args: never) => Promise<unknown>, context: { readonly commandName?: string }) => (args: never) => Promise<unknown>, options: { step: "initialize"; name: string }): void;
  };
}

/**
 * Makes a client refuse every command whose action is not declared, so that the generated policy can never lack one that the
 * code calls. `service`: the prefix of the actions (`autoscaling`).
 */
export function declareActions<Client>(client: Client, service: string, permissions: readonly AwsPermission[]): Client {
  const declared = new Set(permissions.map(({ action }) => action));
  (client as CommandStack).middlewareStack.add((next, context) => (args) => {
    const action = `${service}:${(context.commandName ?? "").replace(/Command$/, "")}`;
    if (!declared.has(action)) throw new UndeclaredActionError(`${action} is not among the declared permissions`);
    return next(args);
  }, { step: "initialize", name: "declaredActions" });
  return client;
}
