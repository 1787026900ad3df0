internal import CLibPQ

/// The rows that a statement returned, in PostgreSQL's text format, decoded on access.
public struct Rows: RandomAccessCollection, Sendable {
  let result: PostgresResult

  /// The columns' names, in order.
  public var columns: [String] {
    (0..<PQnfields(result.pointer)).map { String(cString: PQfname(result.pointer, $0)) }
  }

  /// The columns' types, as `pg_type.oid` numbers them.
  public var types: [UInt32] {
    (0..<PQnfields(result.pointer)).map { PQftype(result.pointer, $0) }
  }

  /// How many rows an INSERT, UPDATE, DELETE, MERGE or SELECT touched; 0 for other statements.
  public var affected: Int {
    Int(String(cString: PQcmdTuples(result.pointer))) ?? 0
  }

  /// How many rows an INSERT, UPDATE, DELETE, MERGE or COPY changed; 0 for other statements.
  public var changed: Int {
    ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"].contains(command) ? affected : 0
  }

  /// The first word of what the server calls the statement: `SELECT`, `COMMIT`, ...
  var command: Substring {
    String(cString: PQcmdStatus(result.pointer)).prefix { $0 != " " }
  }

  /// See `Collection`.
  public var startIndex: Int { 0 }
  /// See `Collection`.
  public var endIndex: Int { Int(PQntuples(result.pointer)) }
  /// The row at `position`.
  public subscript(position: Int) -> Row { Row(result: result, index: Int32(position)) }
}

/// One row.
public struct Row: Sendable {
  let result: PostgresResult
  let index: Int32

  /// The column's text; `nil` is NULL, and what there is at a position without a column.
  public subscript(column: Int) -> String? {
    guard let column = place(of: column), PQgetisnull(result.pointer, index, column) == 0,
      let value = PQgetvalue(result.pointer, index, column)
    else { return nil }
    let length = Int(PQgetlength(result.pointer, index, column))
    return value.withMemoryRebound(to: UInt8.self, capacity: length) {
      ForeignBytes.text(UnsafeBufferPointer(start: $0, count: length))
    }
  }

  /// The first columns as Swift values: `let (name, active) = try row.decode(String.self, Bool.self)`.
  ///
  /// Throws ``ColumnError`` when a column is NULL or no value of its type.
  package func decode<each Value: PostgresDecodable>(
    _ types: repeat (each Value).Type
  ) throws(ColumnError) -> (repeat each Value) {
    var column = -1
    func next<T: PostgresDecodable>(_ type: T.Type) throws(ColumnError) -> T {
      column += 1
      return try value(of: column, as: type)
    }
    return (repeat try next(each types))
  }

  /// The first column alone. Throws ``ColumnError`` as for several.
  package func decode<Value: PostgresDecodable>(_ type: Value.Type) throws(ColumnError) -> Value {
    try value(of: 0, as: type)
  }

  private func place(of column: Int) -> Int32? {
    0..<Int(PQnfields(result.pointer)) ~= column ? Int32(column) : nil
  }

  /// One column as a Swift value. Throws ``ColumnError`` as ``decode(_:)`` does.
  package func value<T: PostgresDecodable>(of column: Int, as type: T.Type) throws(ColumnError) -> T {
    guard let place = place(of: column) else {
      throw ColumnError(column: "\(column + 1)", expected: "\(T.self)", found: nil)
    }
    let text = self[column]
    do {
      return try T(postgresText: text)
    } catch {
      let name = PQfname(result.pointer, place).map { String(cString: $0) }
      throw ColumnError(column: name ?? "\(column + 1)", expected: "\(T.self)", found: text)
    }
  }

  /// The position of the first column with that name, which is case-sensitive; `nil` if no column has it.
  package func position(of column: String) -> Int? {
    (0..<PQnfields(result.pointer)).first { String(cString: PQfname(result.pointer, $0)) == column }.map {
      Int($0)
    }
  }
}

/// Owns libpq's result.
final class PostgresResult: @unchecked Sendable {  // Holds: libpq never changes a result once it is returned.
  let pointer: OpaquePointer
  private let isOwner: Bool

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
    isOwner = true
  }

  /// A result that libpq lends for the time of a call-back.
  init(borrowing pointer: OpaquePointer) {
    self.pointer = pointer
    isOwner = false
  }

  deinit {
    if isOwner { PQclear(pointer) }
  }

  /// Whether the server has not said what the statement did.
  var isWithoutTag: Bool { PQcmdStatus(pointer)?.pointee ?? 0 == 0 }

  /// The server's words, if this is an error or a notice.
  var serverError: ServerError {
    func field(_ code: Character) -> String? {
      guard let ascii = code.asciiValue, let text = PQresultErrorField(pointer, Int32(ascii)) else {
        return nil
      }
      return String(cString: text)
    }
    // The letters are those of the protocol's error fields (PostgreSQL manual, 55.8).
    let fallback = String(cString: PQresultErrorMessage(pointer))
    var error = ServerError(
      state: SQLState(rawValue: field("C") ?? "XX000"), message: field("M") ?? fallback)
    error.detail = field("D")
    error.hint = field("H")
    error.position = field("P").flatMap { Int($0) }
    error.context = field("W")
    error.internalQuery = field("q")
    error.schema = field("s")
    error.table = field("t")
    error.column = field("c")
    error.constraint = field("n")
    error.routine = field("R")
    return error
  }

  /// `WARNING`, `NOTICE`, ... not localized; only of a notice.
  var severity: String {
    PQresultErrorField(pointer, Int32(UInt8(ascii: "V"))).map { String(cString: $0) } ?? "NOTICE"
  }
}
