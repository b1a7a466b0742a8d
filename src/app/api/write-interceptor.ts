import type { CallHandler, ExecutionContext, NestInterceptor } from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import { from, lastValueFrom, type Observable } from "rxjs";
import type { IdempotencyKeys } from "./idempotency.ts";
import { OPERATION, type Operation } from "./operation.ts";
import { ProblemError } from "./problem.ts";

/** Lets a write with an Idempotency-Key happen once, and asks for the key where the operation needs one. */
export class WriteInterceptor implements NestInterceptor {
  readonly #keys: IdempotencyKeys;

  constructor(keys: IdempotencyKeys) {
    this.#keys = keys;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const operation = Reflect.getMetadata(OPERATION, context.getHandler()) as Operation | undefined;
    if (operation?.idempotencyKey === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = keyOf(request, operation);
    if (key === undefined) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const work = async () => ({ status: operation.success.status, body: await lastValueFrom(next.handle() as Observable<unknown>) });
    return from(this.#keys.once(key, request, work).then((answer) => (reply.code(answer.status), answer.body)));
  }
}

function keyOf(request: FastifyRequest, operation: Operation): string | undefined {
  const header = request.headers["idempotency-key"];
  const key = (Array.isArray(header) ? header[0] : header)?.trim();
  if (key !== undefined && /^[\x21-\x7e]{1,200}$/u.test(key)) return key;
  if (key === undefined && operation.idempotencyKey === "optional") return undefined;
  const detail = key === undefined ? "this write needs an Idempotency-Key header, so that a retry happens once; any unique value, such as a UUID" : "an Idempotency-Key is 1 to 200 visible ASCII characters";
  throw new ProblemError("bad-request", detail, { errors: [{ in: "header", pointer: "/Idempotency-Key", detail }] });
}
