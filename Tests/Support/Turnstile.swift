/// Lets a fixed number of tests through at a time.
///
/// Swift Testing starts every test at once; this keeps their connections below PostgreSQL's default
/// `max_connections`, which stays as it is because the size of the lock table depends on it.
actor Turnstile {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) {
    free = width
  }

  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}
