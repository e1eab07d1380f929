/** An amount of money in cents; on the wire a decimal as text ("61.70"). */
export type Cents = number;

export function parseMoney(text: string): Cents {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) throw new Error(`${text} is not an amount of money`);
  return Number(match[1]) * 100 + Number((match[2] ?? "0").padEnd(2, "0"));
}

export function formatMoney(amount: Cents): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`;
}
