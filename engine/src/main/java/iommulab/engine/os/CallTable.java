package iommulab.engine.os;

import iommulab.engine.os.call.Action;

import java.util.Map;

/// A part of the kernel that answers calls.
public interface CallTable {
    /// By name of the call, as in [iommulab.engine.os.call.Vocabulary].
    Map<String, Action> actions();
}
