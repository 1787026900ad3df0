import Synchronization
import Testing

@testable import Tenancy

@Suite struct FleetQueueTests {
  /// There is one connection for three workers: those without one hand their item back and leave.
  @Test(arguments: 0..<100) func nothingIsLostThatIsHandedBack(round: Int) async {
    let running = Mutex(0)
    let done = Mutex<[Int]>([])
    await FleetQueue(count: 40).run(jobs: 3, shouldStop: { false }) { index in
      let isConnected = running.withLock { running in
        running += 1
        return running == 1
      }
      defer { running.withLock { $0 -= 1 } }
      guard isConnected else { return .handedBack }
      await Task.yield()
      done.withLock { $0.append(index) }
      return .done
    }
    #expect(done.withLock { $0.sorted() } == Array(0..<40))
  }

  /// By the time that the second item is handed back, the other worker has found nothing left and is gone.
  @Test func whoHandsBackToNobodyGoesOn() async {
    let asked = Mutex(0)
    let attempts = Mutex(0)
    let mayStop: @Sendable () -> Bool = {
      asked.withLock { $0 += 1 }
      return false
    }
    await FleetQueue(count: 2).run(jobs: 2, shouldStop: mayStop) { index in
      guard index == 1,
        attempts.withLock({
          $0 += 1; return $0
        }) == 1
      else { return .done }
      // Each worker has asked before its item, and the other one after it.
      while asked.withLock({ $0 }) < 3 { await Task.yield() }
      for _ in 0..<1000 { await Task.yield() }
      return .handedBack
    }
    #expect(attempts.withLock { $0 } == 2)
  }
}
