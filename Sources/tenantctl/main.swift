import Dispatch
import Glibc
import TenantctlCommands

// The main thread only waits: an asynchronous main would cost a thread and a millisecond more.
Task.detached {
  let words = Array(CommandLine.arguments.dropFirst())
  _exit(await Tenantctl.run(words, environment: Environment.current))
}
DispatchSemaphore(value: 0).wait()
