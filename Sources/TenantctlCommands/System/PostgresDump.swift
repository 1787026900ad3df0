internal import Synchronization
internal import Tenancy

/// PostgreSQL's `pg_dump`, found on `PATH`.
enum PostgresDump {
  /// Its version is not the server's or newer, or cannot be read.
  struct Outdated: Error {
    let version: String
    let server: Int
  }

  /// It ended otherwise than with status 0.
  struct Failed: Error {
    let message: String
  }

  /// Its output has text of no encoding, as a SQL_ASCII database may.
  struct NotUTF8: Error {}

  /// Its output.
  ///
  /// Throws `ProgramNotStarted`, ``Outdated``, ``Failed`` or ``NotUTF8``.
  static func run(
    _ dump: SchemaDump, _ environment: [String: String], _ children: ChildPrograms
  ) async throws -> [UInt8] {
    let version = try await output(of: ["--version"], environment, children)
    let words = String(decoding: version, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    // `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, or 17beta1.
    let number = words.dropFirst(2).first ?? ""
    guard let major = Int(number.prefix { ("0"..."9").contains($0) }), major >= dump.server else {
      throw Outdated(version: String(number), server: dump.server)
    }
    let environment = dump.settings.isEmpty ? environment : with(dump.settings, environment)
    let text = try await output(of: dump.arguments, environment, children)
    if String(validating: text, as: UTF8.self) == nil { throw NotUTF8() }
    return text
  }

  /// With the settings of its session. Not always, as a pooler may refuse PGOPTIONS.
  private static func with(_ settings: [String], _ environment: [String: String]) -> [String: String] {
    let options = [environment["PGOPTIONS"]].compactMap { $0 } + settings.map { "-c \($0)" }
    return environment.merging(["PGOPTIONS": options.joined(separator: " ")]) { $1 }
  }

  private static func output(
    of arguments: [String], _ environment: [String: String], _ children: ChildPrograms
  ) async throws -> [UInt8] {
    let written = Mutex<[OutputStream: [UInt8]]>([:])
    let program = Program(words: ["pg_dump"] + arguments, environment: environment)
    let end = try await children.run(program) { stream, bytes in
      written.withLock { $0[stream, default: []] += bytes }
    }
    let (stdout, stderr) = written.withLock { ($0[.stdout] ?? [], $0[.stderr] ?? []) }
    guard end == .exited(0) else {
      throw Failed(message: String(decoding: stderr, as: UTF8.self)[...].trimmingWhitespace())
    }
    return stdout
  }
}
