#if Gateway
  import Glibc
  import TenantctlCommands
  import TenantctlGateway

  _exit(await Gateway.run(Array(CommandLine.arguments.dropFirst()), environment: Environment.current))
#else
  print("tenantctl-gateway was built without the trait Gateway; 'make gateway' builds it")
#endif
