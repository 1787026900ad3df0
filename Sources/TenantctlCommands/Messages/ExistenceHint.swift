internal import Tenancy

extension MigrationFailure {
  /// What to do where what the migration creates is there already.
  var existenceHint: String? {
    guard isRelationThere else { return nil }
    if isOfNewTenant {
      return "the tenant is new: look for a schema's name in the file, as 'tenantctl migration check' does"
    }
    if isOfShared {
      return """
        if the shared schema has all that this migration creates: 'tenantctl migration baseline \(version) --shared' records \
        it without running it
        """
    }
    return hasHistory
      ? """
      if the tenant has all that this migration creates: 'tenantctl migration baseline \(version) NAME' records it without \
      running it
      """
      : "if an app created the tenant's tables: 'tenantctl adopt NAME --like ANOTHER' or --version VERSION creates its ledger"
  }
}
