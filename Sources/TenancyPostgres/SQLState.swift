/// The five characters by which PostgreSQL tells errors apart
/// (PostgreSQL manual, Appendix A "PostgreSQL Error Codes"). Message texts are for people; code compares these.
package struct SQLState: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// The code, such as `42P01`.
  package let rawValue: String

  /// The state with that code.
  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The state with that code.
  package init(stringLiteral value: String) {
    rawValue = value
  }

  /// The code.
  package var description: String { rawValue }

  /// The first two characters: the class, such as `08` for connection exceptions.
  package var errorClass: String { String(rawValue.prefix(2)) }

  // The names are those of Appendix A.
  /// 0A000
  package static let featureNotSupported: SQLState = "0A000"
  /// 22012
  package static let divisionByZero: SQLState = "22012"
  /// 22021
  package static let characterNotInRepertoire: SQLState = "22021"
  /// 22P05
  package static let untranslatableCharacter: SQLState = "22P05"
  /// 22P02
  package static let invalidTextRepresentation: SQLState = "22P02"
  /// 23502
  package static let notNullViolation: SQLState = "23502"
  /// 23503
  package static let foreignKeyViolation: SQLState = "23503"
  /// 23505
  package static let uniqueViolation: SQLState = "23505"
  /// 23514
  package static let checkViolation: SQLState = "23514"
  /// 25P02
  package static let inFailedTransaction: SQLState = "25P02"
  /// 3F000
  package static let invalidSchemaName: SQLState = "3F000"
  /// 40001
  package static let serializationFailure: SQLState = "40001"
  /// 40P01
  package static let deadlockDetected: SQLState = "40P01"
  /// 42501
  package static let insufficientPrivilege: SQLState = "42501"
  /// 42701
  package static let duplicateColumn: SQLState = "42701"
  /// 42703
  package static let undefinedColumn: SQLState = "42703"
  /// 42P01
  package static let undefinedTable: SQLState = "42P01"
  /// 42P06
  package static let duplicateSchema: SQLState = "42P06"
  /// 42P07
  package static let duplicateTable: SQLState = "42P07"
  /// 428C9
  package static let generatedAlways: SQLState = "428C9"
  /// 42804
  package static let datatypeMismatch: SQLState = "42804"
  /// 42704
  package static let undefinedObject: SQLState = "42704"
  /// 42710
  package static let duplicateObject: SQLState = "42710"
  /// 42883
  package static let undefinedFunction: SQLState = "42883"
  package static let collationMismatch: SQLState = "42P21"
  package static let indeterminateCollation: SQLState = "42P22"
  /// 53300
  package static let tooManyConnections: SQLState = "53300"
  /// 55P03
  package static let lockNotAvailable: SQLState = "55P03"
  /// 2D000
  package static let invalidTransactionTermination: SQLState = "2D000"
  /// 57014
  package static let queryCanceled: SQLState = "57014"
  /// XX000
  package static let internalError: SQLState = "XX000"
}
