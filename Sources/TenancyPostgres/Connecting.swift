internal import CLibPQ

extension Connection {
  func connect(applicationName: String) throws {
    try Task.checkCancellation()
    let settings = [
      ("dbname", target.conninfo), ("fallback_application_name", applicationName),
      ("options", options ?? ""),
    ].filter { !$0.1.isEmpty }
    guard let pointer = Self.start(settings) else {
      throw ConnectionError.refused("out of memory")
    }
    let handle = Handle(pointer, onNotice: observer.notice)
    // Only at this verbosity does the message of a refusal have the SQLSTATE.
    PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
    if PQstatus(pointer) == CONNECTION_BAD, let problem = ConnectionParameters.misspelt(in: handle.settings) {
      throw ConnectionError.malformed(problem)
    }
    try ConnectionParameters.checkTimeout(in: handle.settings)
    do {
      try poll(handle)
    } catch let error as ConnectionError {
      throw ConnectionParameters.misspeltNumber(in: handle.settings).map(ConnectionError.malformed) ?? error
    }
    PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
    KeepAlive.apply(to: handle)
    PQsetnonblocking(pointer, 1)
    PQenterPipelineMode(pointer)
    self.handle = handle
    noteState()
    // Set only where the server differs: in the startup message the settings would cost it more than all the rest.
    let needed = neededSettings(handle)
    if !needed.isEmpty {
      handle.ownSettings = needed
      _ = try exchange([needed], within: connectTimeout(handle))[0].get()
    }
  }

  /// The encoding; and strings that end where scripts are split: with `standard_conforming_strings` off, a quote after a
  /// backslash would end none (PostgreSQL manual, 20.13.1).
  private func neededSettings(_ handle: Handle) -> [SQL] {
    let encoding: [SQL] = handle.parameter("client_encoding") == clientEncoding ? [] : [setEncoding]
    return encoding
      + (handle.parameter("standard_conforming_strings") == "off"
        ? ["SET standard_conforming_strings TO on"] : [])
  }

  /// UTF-8; but where the server keeps bytes of no encoding it would refuse the whole result for one that is not UTF-8. There
  /// they come as they are, see ``ForeignBytes``.
  private var clientEncoding: String { keepsBytes ? "SQL_ASCII" : "UTF8" }

  private var setEncoding: SQL { SQL(unsafeRaw: "SET client_encoding TO '\(clientEncoding)'") }

  /// Whether the database has no encoding. The server counts in bytes there.
  var keepsBytes: Bool { handle?.parameter("server_encoding") == "SQL_ASCII" }

  /// The statements that set a session again, after a RESET ALL, to what it must be set to if the server sets it otherwise.
  package var ownSettings: [SQL] { handle?.ownSettings ?? [] }

  private static func start(_ settings: [(key: String, value: String)]) -> OpaquePointer? {
    var keys = settings.map { UnsafePointer(strdupOrNil($0.key)) } + [nil]
    var values = settings.map { UnsafePointer(strdupOrNil($0.value)) } + [nil]
    defer { (keys + values).forEach { freeCopy($0) } }
    return PQconnectStartParams(&keys, &values, 1)
  }

  private func poll(_ handle: Handle) throws {
    let deadline = ContinuousClock.now + connectTimeout(handle)
    var state = PGRES_POLLING_WRITING
    while true {
      if PQstatus(handle.pointer) == CONNECTION_BAD { state = PGRES_POLLING_FAILED }
      switch state {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_FAILED:
        throw ConnectionError.refused(
          verbose: errorMessage(of: handle), needsPassword: PQconnectionNeedsPassword(handle.pointer) == 1)
      default: break
      }
      let left = (deadline - .now) / .milliseconds(1)
      let event = waiter.wait(
        for: PQsocket(handle.pointer), toWrite: state == PGRES_POLLING_WRITING,
        toRead: state == PGRES_POLLING_READING, timeout: Int32(min(max(0, left), Double(Int32.max))))
      switch event {
      case .ready: state = PQconnectPoll(handle.pointer)
      case .woken: try Task.checkCancellation()
      case .timedOut:
        throw ConnectionError.refused("no answer within the connect_timeout (\(connectTimeout(handle)))")
      }
    }
  }

  private func connectTimeout(_ handle: Handle) -> Duration {
    guard let seconds = ConnectionParameters.integer("connect_timeout", of: handle.settings) else {
      return patience
    }
    // "Zero, negative, or not specified means wait indefinitely" (PostgreSQL manual, 32.1.2); the last one is ours to say.
    return .seconds(seconds > 0 ? seconds : Int(Int32.max))
  }
}

extension Connection {
  /// Whether the server's process that answers is the one that was announced when the connection was made. If not,
  /// there is a pooler in between, and the next transaction may meet another process.
  ///
  /// Throws as ``query(_:)`` does.
  package func isDirect() async throws -> Bool {
    isServed(by: try await query("SELECT pg_backend_pid()")[0].decode(Int.self))
  }

  /// Whether that is the server's process that was announced when the connection was made.
  package func isServed(by process: Int) -> Bool {
    handle.map { Int(PQbackendPID($0.pointer)) } == process
  }
}

extension ConnectionError {
  /// Takes the code out of a message of `PQERRORS_VERBOSE`, `FATAL:  53300: sorry, too many clients already`, and the place
  /// in the server's source, `LOCATION:  InitProcess, proc.c:346`. The severity may be translated, the rest is libpq's.
  static func refused(verbose message: String, needsPassword: Bool = false) -> ConnectionError {
    var state: SQLState?
    let lines = message.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:  ") }.map { line in
      guard let match = line.firstMatch(of: #/:  ([0-9A-Z]{5}): /#) else { return String(line) }
      state = SQLState(rawValue: String(match.1))
      return String(line.replacing(match.0, with: ":  ", maxReplacements: 1))
    }
    return .refused(lines.joined(separator: "\n"), state, needsPassword: needsPassword)
  }
}
