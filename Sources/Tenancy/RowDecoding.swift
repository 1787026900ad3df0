public import TenancyPostgres

extension Row {
  /// The value of the column with that name: `try row.decode("capacity", as: Int.self)`, or `as: Int?.self` where it may be
  /// NULL.
  ///
  /// Throws a `TenancyError` with the code `columnMismatch` if there is no such column, and if it is NULL or not a value of
  /// the type.
  public func decode<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(TenancyError) -> Value {
    do throws(ColumnError) {
      guard let position = position(of: column) else {
        throw ColumnError(column: column, expected: "\(type)", found: nil)
      }
      return try value(of: position, as: type)
    } catch {
      throw TenancyError(.columnMismatch(error))
    }
  }

  /// The value of the column at a position, counted from 0. Throws as the decoding by name does.
  public func decode<Value: PostgresDecodable>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(TenancyError) -> Value {
    do {
      return try value(of: column, as: type)
    } catch {
      throw TenancyError(.columnMismatch(error))
    }
  }

  /// The first columns: `let (name, capacity) = try row.decode((String, Int).self)`. Throws as the decoding by name does.
  public func decode<each Value: PostgresDecodable>(
    _ types: (repeat each Value).Type
  ) throws(TenancyError) -> (repeat each Value) {
    do throws(ColumnError) {
      return try decode(repeat (each Value).self)
    } catch {
      throw TenancyError(.columnMismatch(error))
    }
  }
}
