internal import Tenancy

/// New tenants in a CSV file. The first line names the columns: `name`, `schema` and `domain` (several separated by blanks,
/// the first one primary), and custom columns of the registry. An empty field is a value that is not given.
enum TenantFile {
  /// Throws ``TenantFileProblem`` for the first line that is not a tenant, or whose name `admit` refuses.
  static func read(_ path: String, admit: (TenantName) throws -> Void) throws -> [NewTenant] {
    let text = try Files.text(path)
    do {
      let records = try CSV.records(in: text)
      guard let header = records.first?.fields.map({ $0[...].trimmingWhitespace() }), header.contains("name")
      else {
        throw CSV.Problem(
          line: 1, message: "the first line must name the columns, with commas between them, one of them name"
        )
      }
      if let column = header.first(where: { name in header.count { $0 == name } > 1 }) {
        throw CSV.Problem(line: 1, message: "column '\(column)' is there twice")
      }
      return try records.dropFirst().map { record in try tenant(record, header, admit) }
    } catch let problem as CSV.Problem {
      throw TenantFileProblem(path: path, line: problem.line, message: problem.message, code: problem.code)
    }
  }

  private static func tenant(
    _ record: CSV.Record, _ header: [String], _ admit: (TenantName) throws -> Void
  ) throws -> NewTenant {
    guard record.fields.count == header.count else {
      throw CSV.Problem(
        line: record.line,
        message:
          "\(counted(record.fields.count, "field")), but the first line names \(counted(header.count, "column"))"
      )
    }
    var values = Dictionary(uniqueKeysWithValues: zip(header, record.fields))
    func take(_ column: String) -> String {
      (values.removeValue(forKey: column) ?? "")[...].trimmingWhitespace()
    }
    do {
      let name = try TenantName(parsing: take("name"))
      try admit(name)
      let schema = take("schema")
      let domains = try take("domain").split(separator: " ").map { try DomainName(parsing: String($0)) }
      return try NewTenant(
        name, schema: schema.isEmpty ? nil : SchemaName(parsing: schema), domains: domains,
        values: values.filter { !$0.value.isEmpty }.mapValues { .some($0) })
    } catch  where error is TenancyError || error is TenancyProblem {
      let report = ErrorReport(error)
      // A text that no name can be is wrong usage, as on the command line.
      throw CSV.Problem(
        line: record.line, message: report.message, code: error is TenancyError ? "usage" : report.code)
    }
  }
}

/// A file of new tenants that cannot be read as one.
struct TenantFileProblem: Error {
  let path: String
  let line: Int
  let message: String
  /// Of the error, for scripts.
  let code: String
}
