import { createServer, type IncomingMessage, type Server } from "node:http";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TargetDiscovery } from "../../src/app/policies/target-discovery.ts";

// The two services' wire, as far as listing goes: the query protocol with XML for Auto Scaling, JSON for ECS; two to a page.
interface Group { readonly name: string; readonly tags: Readonly<Record<string, string>>; readonly status?: string }

let server: Server;
let endpoint: string;
let groups: readonly Group[] = [];
let services: readonly Group[] = [];
let refuse = false;
const folders: string[] = [];

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

function describeGroups(form: URLSearchParams): string {
  const wanted = Array.from({ length: 10 }, (_, i) => i + 1).flatMap((i) => {
    const name = form.get(`Filters.member.${String(i)}.Name`);
    return name === null ? [] : [[name.replace(/^tag:/, ""), form.get(`Filters.member.${String(i)}.Values.member.1`)] as const];
  });
  const matching = groups.filter((group) => wanted.every(([key, value]) => group.tags[key] === value));
  const start = Number(form.get("NextToken") ?? 0);
  const members = matching.slice(start, start + 2).map((group) => {
    const tags = Object.entries(group.tags).map(([key, value]) => `<member><ResourceId>${group.name}</ResourceId><Key>${key}</Key><Value>${value}</Value></member>`).join("");
    return `<member><AutoScalingGroupName>${group.name}</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>9</MaxSize><DesiredCapacity>1</DesiredCapacity>${group.status === undefined ? "" : `<Status>${group.status}</Status>`}<Tags>${tags}</Tags></member>`;
  });
  const next = start + 2 < matching.length ? `<NextToken>${String(start + 2)}</NextToken>` : "";
  return `<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeAutoScalingGroupsResult><AutoScalingGroups>${members.join("")}</AutoScalingGroups>${next}</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`;
}

function ecs(action: string, input: Record<string, unknown>): unknown {
  if (action === "ListServices") {
    const start = Number(input["nextToken"] ?? 0);
    return { serviceArns: services.slice(start, start + 2).map((service) => `arn:aws:ecs:eu-central-1:1:service/main/${service.name}`), ...(start + 2 < services.length ? { nextToken: String(start + 2) } : {}) };
  }
  const names = (input["services"] as readonly string[]).map((arn) => arn.split("/").at(-1));
  return { services: services.filter((service) => names.includes(service.name)).map(({ name, tags, status = "ACTIVE" }) => ({ serviceName: name, status, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) })) };
}

beforeEach(async () => {
  process.env["AWS_ACCESS_KEY_ID"] = "test";
  process.env["AWS_SECRET_ACCESS_KEY"] = "test";
  refuse = false;
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const target = String(request.headers["x-amz-target"] ?? "");
      if (refuse) response.writeHead(403, { "content-type": "text/xml" }).end("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed</Message></Error></ErrorResponse>");
      else if (target !== "") response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(ecs(target.split(".").at(-1) ?? "", JSON.parse(body) as Record<string, unknown>)));
      else response.writeHead(200, { "content-type": "text/xml" }).end(describeGroups(new URLSearchParams(body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  endpoint = `http://127.0.0.1:${String(typeof address === "object" && address !== null ? address.port : 0)}`;
});

afterEach(async () => {
  await new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function configuration(discover: string): string {
  const folder = mkdtempSync(join(tmpdir(), "foretide-discovery-"));
  folders.push(folder);
  mkdirSync(join(folder, "policies"));
  writeFileSync(join(folder, "foretide.yaml"), "{}");
  writeFileSync(join(folder, "policies/set.yaml"), `apiVersion: foretide.dev/v1
kind: PolicySet
metadata: { name: shops }
spec:
  discover: ${discover}
  template:
    replicas: { max: 20 }
    demand: { preset: http-rate, service: "\${target:service}" }
`);
  return folder;
}

const shop = (name: string, extra: Partial<Group> = {}): Group => ({ name, tags: { team: "shop", service: `svc-${name}` }, ...extra });

function namesOf(discovery: TargetDiscovery): readonly string[] {
  const loaded = discovery.read();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.configuration.policies.map((policy) => policy.name);
}

describe("target discovery", () => {
  it("gives a policy to every Auto Scaling group with the tags, over all pages, and leaves out what is being deleted", async () => {
    groups = [shop("b"), shop("a"), { name: "other", tags: { team: "data" } }, shop("Web_1"), shop("dying", { status: "Delete in progress" }), shop("c")];
    const discovery = new TargetDiscovery(configuration(`{ aws-asg: { region: eu-central-1, endpoint: "${endpoint}", tags: { team: shop } } }`));
    expect(namesOf(discovery)).toEqual([]);
    expect(await discovery.refresh()).toEqual({ ok: true, value: true });
    expect(namesOf(discovery)).toEqual(["a", "b", "c", "web-1"]);
    const loaded = discovery.read();
    expect(loaded.ok && loaded.configuration.policies[3]).toMatchObject({ actuator: { type: "aws-asg", config: { group: "Web_1" } }, signals: { demand: { select: { "service.name": "svc-Web_1" } } } });
    expect(await discovery.refresh()).toEqual({ ok: true, value: false });
  });

  it("finds ECS services by tag, and says which cluster could not be asked", async () => {
    services = [shop("cart"), shop("search"), { name: "batch", tags: { team: "data" } }, shop("old", { status: "DRAINING" }), shop("pay")];
    const discovery = new TargetDiscovery(configuration(`{ aws-ecs: { region: eu-central-1, endpoint: "${endpoint}", cluster: main, tags: { team: shop } } }`));
    expect(await discovery.refresh()).toEqual({ ok: true, value: true });
    expect(namesOf(discovery)).toEqual(["cart", "pay", "search"]);
  });

  it("keeps what it knew when the cloud refuses or shows nothing any more", async () => {
    groups = [shop("a"), shop("b")];
    const discovery = new TargetDiscovery(configuration(`{ aws-asg: { region: eu-central-1, endpoint: "${endpoint}", tags: { team: shop } } }`));
    await discovery.refresh();
    refuse = true;
    const refused = await discovery.refresh();
    expect(refused.ok ? "" : refused.message).toContain("not allowed");
    expect(namesOf(discovery)).toEqual(["a", "b"]);
    refuse = false;
    groups = [];
    const empty = await discovery.refresh();
    expect(empty.ok ? "" : empty.message).toContain("nothing was found any more");
    expect(namesOf(discovery)).toEqual(["a", "b"]);
    groups = [shop("b")];
    expect(await discovery.refresh()).toEqual({ ok: true, value: true });
    expect(namesOf(discovery)).toEqual(["b"]);
  });

  it("asks again and again, and tells only of a change", async () => {
    groups = [shop("a")];
    const discovery = new TargetDiscovery(configuration(`{ aws-asg: { region: eu-central-1, endpoint: "${endpoint}", tags: { team: shop } } }`));
    await discovery.refresh();
    let told = 0;
    const asking = discovery.keepAsking({ everyMs: 20, onFound: async () => { told += 1; }, onProblem: () => undefined });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told).toBe(0);
    groups = [shop("a"), shop("b")];
    for (let wait = 0; wait < 200 && told === 0; wait++) await new Promise((resolve) => setTimeout(resolve, 20));
    asking.stop();
    expect(told).toBe(1);
    expect(namesOf(discovery)).toEqual(["a", "b"]);
  });

  it("never takes an empty selection for everything", () => {
    const loaded = new TargetDiscovery(configuration("{ aws-asg: { region: eu-central-1, tags: {} } }")).read();
    expect(loaded.ok ? [] : loaded.errors.map((error) => error.message)).toEqual(["name one tag or more"]);
  });
});
