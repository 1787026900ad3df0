/// The five characters by which PostgreSQL tells errors apart
/// (PostgreSQL manual, Appendix A "PostgreSQL Error Codes"). Message texts are for people; code compares these.
public struct SQLState: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  /// The code, such as `42P01`.
  public let rawValue: String

  /// The state with that code.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The state with that code.
  public init(stringLiteral value: String) {
    rawValue = value
  }

  /// The code.
  public var description: String { rawValue }

  /// The first two characters: the class, such as `08` for connection exceptions.
  public var errorClass: String { String(rawValue.prefix(2)) }

  // The names are those of Appendix A.
  /// 0A000
  public static let featureNotSupported: SQLState = "0A000"
  /// 22007
  public static let invalidDatetimeFormat: SQLState = "22007"
  /// 22012
  public static let divisionByZero: SQLState = "22012"
  /// 22021
  public static let characterNotInRepertoire: SQLState = "22021"
  /// 22P05
  public static let untranslatableCharacter: SQLState = "22P05"
  /// 22P02
  public static let invalidTextRepresentation: SQLState = "22P02"
  /// 23502
  public static let notNullViolation: SQLState = "23502"
  /// 23503
  public static let foreignKeyViolation: SQLState = "23503"
  /// 23505
  public static let uniqueViolation: SQLState = "23505"
  /// 23514
  public static let checkViolation: SQLState = "23514"
  /// 25P02
  public static let inFailedTransaction: SQLState = "25P02"
  /// 3D000
  public static let invalidCatalogName: SQLState = "3D000"
  /// 3F000
  public static let invalidSchemaName: SQLState = "3F000"
  /// 40001
  public static let serializationFailure: SQLState = "40001"
  /// 40P01
  public static let deadlockDetected: SQLState = "40P01"
  /// 42501
  public static let insufficientPrivilege: SQLState = "42501"
  /// 42701
  public static let duplicateColumn: SQLState = "42701"
  /// 42703
  public static let undefinedColumn: SQLState = "42703"
  /// 42P01
  public static let undefinedTable: SQLState = "42P01"
  /// 42P06
  public static let duplicateSchema: SQLState = "42P06"
  /// 42P07
  /// 42P07
  public static let duplicateTable: SQLState = "42P07"
  /// 42804
  public static let datatypeMismatch: SQLState = "42804"
  /// 42704
  public static let undefinedObject: SQLState = "42704"
  /// 42710
  public static let duplicateObject: SQLState = "42710"
  /// 42883
  public static let undefinedFunction: SQLState = "42883"
  /// 53200
  public static let outOfMemory: SQLState = "53200"
  /// 55P03
  public static let lockNotAvailable: SQLState = "55P03"
  /// 57014
  public static let queryCanceled: SQLState = "57014"
  /// XX000
  public static let internalError: SQLState = "XX000"
}
