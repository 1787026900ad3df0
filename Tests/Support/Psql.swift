/// PostgreSQL's own client.
struct Psql: Sendable {
  let url: String

  @discardableResult
  func callAsFunction(_ sql: String) async throws -> String {
    let program = Program(
      ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-P", "null=NULL", "-d", url, "-f", "-"], stdin: sql)
    let output = try await program.succeed().stdout
    return output.hasSuffix("\n") ? String(output.dropLast()) : output
  }
}
