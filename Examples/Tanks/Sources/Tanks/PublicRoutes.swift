import Hummingbird

/// The routes of the public host, such as `www.example.com`.
func addPublicRoutes(to routes: some RouterMethods<BasicRequestContext>) {
  routes.get("tanks") { _, _ in
    "Each aquarium has its tanks at its own address, such as acme.example.com/tanks\n"
  }
}
