/** One action that a source calls, as IAM names it, and what it may be narrowed to. Sources only read, and delete what they have read of a queue. */
export interface SourceAction {
  readonly action: string;
  readonly resource: string;
}

/** The queue of interruption notices: `region`, and the name that its URL ends with. */
export function queueActions(queueUrl: string, region: string): readonly SourceAction[] {
  const [account = "*", name = "*"] = new URL(queueUrl).pathname.split("/").slice(-2);
  const resource = `arn:${region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws"}:sqs:${region}:${/^\d{12}$/.test(account) ? account : "*"}:${name}`;
  return [{ action: "sqs:ReceiveMessage", resource }, { action: "sqs:DeleteMessage", resource }];
}

/** Live spot prices, placement scores and list prices; neither service knows a resource for them. */
export const SPOT_MARKET_ACTIONS: readonly SourceAction[] = [
  { action: "ec2:DescribeSpotPriceHistory", resource: "*" },
  { action: "ec2:GetSpotPlacementScores", resource: "*" },
  { action: "pricing:GetProducts", resource: "*" },
];
