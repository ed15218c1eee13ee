import { Cause } from "effect"

const withoutCredentials = (text: string) => text.replaceAll(/\/\/[^/@\s]*@/g, "//…@")

/**
 * Why a process ends, for whoever reads its output: sentences for what we foresaw, stack traces for what we did not.
 *
 * @param cause that ended it
 * @returns the text, null if the process was only asked to end
 */
export const failureText = (cause: Cause.Cause<{ readonly message: string }>): string | null => {
  const texts = cause.reasons.flatMap((reason) => {
    if (Cause.isFailReason(reason)) return [reason.error.message]
    return Cause.isDieReason(reason) ? [withoutCredentials(Cause.pretty(Cause.die(reason.defect)))] : []
  })
  return texts.length === 0 ? null : texts.join("\n")
}
