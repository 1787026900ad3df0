#if Gateway
  import TenantctlGateway

#else
  print("tenantctl-gateway was built without its trait: run 'make gateway'")
#endif
