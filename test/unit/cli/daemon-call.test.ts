import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";

import { callDaemon } from "../../../src/cli/daemon-call.ts";

let server: Server | undefined;
afterEach(() => { server?.close(); });

async function answering(status: number, body: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe("a call of the daemon's API", () => {
  it("that something else answers is told as an answer, not as silence", async () => {
    const url = await answering(200, "<html>It works!</html>");
    expect(await callDaemon({ url }, { method: "GET", path: "/traffic" })).toEqual({ ok: false, failure: "permanent", message: `${url} answered 200, and no JSON: is it a Foretide daemon?` });
  });

  it("tells a problem by its words", async () => {
    const url = await answering(404, JSON.stringify({ title: "Not found", detail: "there is no evacuation e-1" }));
    expect(await callDaemon({ url }, { method: "DELETE", path: "/evacuations/e-1" })).toEqual({ ok: false, failure: "missing", message: "there is no evacuation e-1" });
  });
});
