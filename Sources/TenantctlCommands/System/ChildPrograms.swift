internal import Dispatch
internal import Glibc
internal import Synchronization

/// How a program ended.
enum ProgramEnd: Sendable, Hashable {
  case exited(Int32)
  case killed(signal: Int32)

  init(waitStatus: Int32) {
    // As the macros of <sys/wait.h>, which Swift does not import.
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .killed(signal: signal)
  }
}

/// A stream that a program writes to.
enum OutputStream: Int, Sendable {
  case stdout, stderr
}

/// The running child programs, and a way to signal them.
final class ChildPrograms: Sendable {
  private let running = Mutex<Set<pid_t>>([])

  /// Sends a signal to each running program and its children.
  func signal(_ number: Int32) {
    running.withLock { for pid in $0 { kill(-pid, number) } }
  }

  /// Runs a program to its end, with an empty standard input. `receive` gets its output in pieces.
  ///
  /// Throws `ProgramNotStarted`.
  func run(
    _ program: Program, receive: @escaping @Sendable (OutputStream, ArraySlice<UInt8>) -> Void
  ) async throws -> ProgramEnd {
    let (pid, pipes) = try start(program)
    // Reading and waiting block, so they have their own thread.
    return await withCheckedContinuation { continuation in
      DispatchQueue(label: "tenantctl.program").async {
        Self.read(pipes, receive)
        continuation.resume(returning: self.wait(for: pid))
      }
    }
  }

  /// One at a time: otherwise a program could inherit the end of another one's pipe and keep it open.
  private func start(_ program: Program) throws -> (pid_t, (stdout: Pipe, stderr: Pipe)) {
    try running.withLock { running in
      let pipes = try (stdout: Pipe(), stderr: Pipe())
      defer { for pipe in [pipes.stdout, pipes.stderr] { close(pipe.writer) } }
      do {
        let pid = try program.spawn(stdout: pipes.stdout.writer, stderr: pipes.stderr.writer)
        running.insert(pid)
        return (pid, pipes)
      } catch {
        for pipe in [pipes.stdout, pipes.stderr] { close(pipe.reader) }
        throw error
      }
    }
  }

  private func wait(for pid: pid_t) -> ProgramEnd {
    // WNOWAIT keeps it a zombie, so that its id is not reused while it may still be signalled.
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    return running.withLock { running in
      running.remove(pid)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1, errno == EINTR {}
      return ProgramEnd(waitStatus: status)
    }
  }

  /// Reads both streams to their ends.
  private static func read(
    _ pipes: (stdout: Pipe, stderr: Pipe), _ receive: (OutputStream, ArraySlice<UInt8>) -> Void
  ) {
    var descriptors = [pipes.stdout, pipes.stderr].map {
      pollfd(fd: $0.reader, events: Int16(POLLIN), revents: 0)
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    // poll(2) ignores a negative descriptor.
    while descriptors.contains(where: { $0.fd >= 0 }) {
      guard poll(&descriptors, nfds_t(descriptors.count), -1) >= 0 || errno == EINTR else { return }
      for stream in [OutputStream.stdout, .stderr] where descriptors[stream.rawValue].revents != 0 {
        let count = Glibc.read(descriptors[stream.rawValue].fd, &buffer, buffer.count)
        if count > 0 {
          receive(stream, buffer[..<count])
        } else if count == 0 || errno != EINTR {
          close(descriptors[stream.rawValue].fd)
          descriptors[stream.rawValue].fd = -1
          descriptors[stream.rawValue].revents = 0
        }
      }
    }
  }
}

/// A pipe whose ends are closed in child programs.
struct Pipe {
  let reader, writer: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ProgramNotStarted("a program", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reader, writer) = (ends[0], ends[1])
  }
}

extension Program {
  /// Starts it in a new session: it gets Ctrl-C only from this process, and it cannot prompt on the terminal, where it
  /// would wait for ever.
  fileprivate func spawn(stdout: Int32, stderr: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, stdout, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, stderr, STDERR_FILENO)
    // The program must not inherit ignored or blocked signals.
    var (every, none) = (sigset_t(), sigset_t())
    sigfillset(&every)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &every)
    posix_spawnattr_setsigmask(&attributes, &none)
    // <spawn.h> defines POSIX_SPAWN_SETSID only with _GNU_SOURCE.
    let newSession: Int16 = 0x80
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | newSession)

    var pid = pid_t()
    let code = withArrays { posix_spawnp(&pid, words[0], &actions, &attributes, $0, $1) }
    guard code == 0 else { throw ProgramNotStarted(words[0], code: code) }
    return pid
  }
}
