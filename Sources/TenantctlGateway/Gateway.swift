#if Gateway
  internal import Hummingbird
#endif
