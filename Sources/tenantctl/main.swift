import Glibc
import TenantctlCommands

let words = Array(CommandLine.arguments.dropFirst())
exit(await Tenantctl.run(words, environment: Environment.current))
