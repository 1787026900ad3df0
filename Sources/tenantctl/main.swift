import Glibc
import TenantctlCommands

Task.detached(executorPreference: MainThread.shared) {
  let words = Array(CommandLine.arguments.dropFirst())
  _exit(await Tenantctl.run(words, environment: Environment.current))
}
MainThread.shared.run()
