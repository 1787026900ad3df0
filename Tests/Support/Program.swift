import Foundation
import Glibc
import Synchronization

/// A program to run: what to execute, and all that it inherits.
struct Program: Sendable {
  var command: [String]
  var environment = ProcessInfo.processInfo.environment
  var stdin = ""
  var workingDirectory: String?
  /// Whether all three streams are a terminal of its own; `stdin` is not used then.
  var isOnTerminal = false
  /// How long it may run before it is killed: far longer than any honest run takes.
  var timeout = Duration.seconds(120)

  init(_ command: [String], stdin: String = "") {
    self.command = command
    self.stdin = stdin
  }

  func run() async throws -> Outcome {
    try await start { await $0.outcome() }
  }

  @discardableResult
  func succeed() async throws -> Outcome {
    let outcome = try await run()
    guard outcome.status == 0 else { throw ProgramFailed(command: command, outcome: outcome) }
    return outcome
  }

  func start<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (RunningProgram) async throws -> Result
  ) async throws -> Result {
    let program = try start()
    do {
      let result = try await body(program)
      program.signal(SIGKILL)
      _ = await program.outcome()
      return result
    } catch {
      program.signal(SIGKILL)
      _ = await program.outcome()
      throw error
    }
  }

  private func start() throws -> RunningProgram {
    try Self.spawning.withLock { _ in
      if isOnTerminal { return try startOnTerminal() }
      let input = try Self.file(holding: stdin)
      let output = try Self.pipe()
      let errors = try Self.pipe()
      defer { for descriptor in [input, output.write, errors.write] { close(descriptor) } }
      do {
        let pid = try spawn(group: Int16(POSIX_SPAWN_SETPGROUP)) { actions in
          for (number, descriptor) in [input, output.write, errors.write].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
          }
        }
        return RunningProgram(
          command: command, pid: pid, stdout: output.read, stderr: errors.read, timeout: timeout)
      } catch {
        close(output.read)
        close(errors.read)
        throw error
      }
    }
  }

  /// In a session of its own the first terminal that the child opens is its controlling one: Ctrl-C works.
  private func startOnTerminal() throws -> RunningProgram {
    let terminal = try PseudoTerminal()
    defer { close(terminal.device) }
    // <spawn.h> shows POSIX_SPAWN_SETSID only where _GNU_SOURCE is defined.
    let newSession: Int16 = 0x80
    do {
      let pid = try spawn(group: newSession) { actions in
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal.path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
      }
      return RunningProgram(
        command: command, pid: pid, stdout: terminal.controller, stderr: nil, timeout: timeout)
    } catch {
      close(terminal.controller)
      throw error
    }
  }

  /// Held from opening a descriptor to spawning, so that no other child inherits the end of a pipe and keeps it
  /// open.
  private static let spawning = Mutex(())

  /// Foundation's `Process` hands down ignored signals and leaves the child in our process group; what is
  /// tested here are signals, and killing a child must reach its children.
  private func spawn(
    group: Int16, _ streams: (inout posix_spawn_file_actions_t) -> Void
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    streams(&actions)
    var every = sigset_t()
    var none = sigset_t()
    sigfillset(&every)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &every)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | group)

    let line = (workingDirectory.map { ["env", "--chdir=\($0)"] } ?? []) + command
    var pid = pid_t()
    let code = withCStrings(line) { arguments in
      withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        posix_spawnp(&pid, line[0], &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else { throw SystemError(call: "cannot run \(line[0])", code: code) }
    return pid
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { throw SystemError(call: "pipe", code: errno) }
    return (closingOnExec(ends[0]), closingOnExec(ends[1]))
  }

  /// Standard input as a nameless file: nobody has to feed it while the child runs.
  private static func file(holding text: String) throws -> Int32 {
    var template = Array("/tmp/tenantctl-stdin-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError(call: "mkstemp", code: errno) }
    unlink(template)
    try FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(contentsOf: Data(text.utf8))
    lseek(descriptor, 0, SEEK_SET)
    return closingOnExec(descriptor)
  }

  private static func closingOnExec(_ descriptor: Int32) -> Int32 {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
}

/// Calls `body` with a NULL-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
