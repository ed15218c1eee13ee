import { Cause } from "effect"

const withoutCredentials = (text: string) => text.replaceAll(/\/\/[^/@\s]*@/g, "//…@")

/**
 * Why a process ends, for whoever reads its output: sentences for the failures that we foresaw, stack traces for the others.
 * Null if the process was only asked to end.
 */
export const failureText = (cause: Cause.Cause<{ readonly message: string }>): string | null => {
  const texts = cause.reasons.flatMap((reason) => {
    if (Cause.isFailReason(reason)) return [reason.error.message]
    return Cause.isDieReason(reason) ? [withoutCredentials(Cause.pretty(Cause.die(reason.defect)))] : []
  })
  return texts.length === 0 ? null : texts.join("\n")
}
