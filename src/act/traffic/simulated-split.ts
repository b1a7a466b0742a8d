import { z } from "zod";
import { success } from "../../model/result.ts";
import { alreadyThere, applied, refused } from "../actuator.ts";
import type { SwitchDefinition, TrafficSwitch } from "./traffic-switch.ts";

const config = z.strictObject({
  ttlSeconds: z.number().nonnegative().default(60).describe("How long clients may keep an older answer."),
  shares: z.record(z.string(), z.number().min(0).max(1)).default({}).describe("Shares at the start; else all regions alike."),
});

type Config = z.infer<typeof config>;

/** A split that stands in memory, for tries and simulations. */
export const simulatedSplit: SwitchDefinition<Config> = {
  type: "simulated",
  config,
  create({ ttlSeconds, shares: given }, { regions }) {
    let shares = Object.fromEntries(regions.map((region) => [region, given[region] ?? 1 / regions.length]));
    const version = (): string => JSON.stringify(shares);
    const made: TrafficSwitch = {
      type: "simulated",
      read: () => Promise.resolve(success({ shares, version: version(), ttlSeconds })),
      write(order) {
        if (order.version !== version()) return Promise.resolve(refused("permanent", "foreign-write", "the shares are others than those that this was decided against"));
        if (JSON.stringify(order.shares) === version()) return Promise.resolve(alreadyThere("these are the shares"));
        shares = { ...order.shares };
        return Promise.resolve(applied(version()));
      },
      close: () => Promise.resolve(),
    };
    return Promise.resolve(success(made));
  },
};
