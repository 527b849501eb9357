export { ERROR_TABLE, type ErrorCode } from './generated/codes.ts'
export { type ErrorDetails, type ErrorReport, isTalosError, TalosError } from './talos-error.ts'
