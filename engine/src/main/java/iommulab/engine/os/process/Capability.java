package iommulab.engine.os.process;

/// A right of a process beyond the ordinary. Source: kernel `include/uapi/linux/capability.h`.
public enum Capability {
    /// Lock more memory than the limit allows.
    CAP_IPC_LOCK,
    /// Change limits.
    CAP_SYS_RESOURCE,
    CAP_SYS_ADMIN,
    CAP_SYS_RAWIO
}
