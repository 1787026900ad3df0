#if Gateway
  import Glibc
  import TenantctlCommands
  import TenantctlGateway

  /// mallopt(3), which Swift's module Glibc lacks; -3 is M_MMAP_THRESHOLD.
  @_silgen_name("mallopt") private func mallopt(_ parameter: Int32, _ value: Int32) -> Int32

  // What a reading of the registry frees goes back to the system: by default glibc keeps larger and larger blocks once one of
  // that size was freed (mallopt(3)), and the memory of three readings stays.
  _ = mallopt(-3, 128 * 1024)
  _exit(await Gateway.run(Array(CommandLine.arguments.dropFirst()), environment: Environment.current))
#else
  print("tenantctl-gateway was built without the trait Gateway; 'make gateway' builds it")
#endif
