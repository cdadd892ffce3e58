package iommulab.engine.iommu.riscv;

/// A record of the fault queue, 32 bytes.
/// Spec: RISC-V IOMMU, "Fault/Event-Queue (FQ)".
///
/// @param head CAUSE 11:0, PID 31:12, PV 32, PRIV 33, TTYP 39:34, DID 63:40
/// @param iotval the address, or what the cause says
/// @param iotval2 for guest page faults the guest-physical address, with how it was accessed in bits 1:0
public record FaultRecord(long head, long iotval, long iotval2) {
    /* Transaction types. */
    static final int EXECUTE = 1;
    static final int READ = 2;
    static final int WRITE = 3;
    static final int TRANSLATED = 4;
    static final int ATS_REQUEST = 8;
    static final int MESSAGE = 9;

    static final long PV = 1L << 32;
    static final long PRIV = 1L << 33;
    static final int TTYP_AT = 34;
    static final int DID_AT = 40;

    /// @param process process_id, negative if there is none
    static FaultRecord of(
            RiscvFault fault,
            int type,
            int device,
            int process,
            boolean privileged,
            long iotval,
            long iotval2) {
        long who = process < 0 ? 0 : (long) process << 12 | PV | (privileged ? PRIV : 0);
        return new FaultRecord(
                fault.code() | who | (long) type << TTYP_AT | (long) device << DID_AT,
                iotval,
                iotval2);
    }

    public int cause() {
        return (int) head & 0xfff;
    }

    /// Whether a device made the request; the IOMMU's own accesses have none.
    public boolean hasDevice() {
        return type() != 0;
    }

    public int type() {
        return (int) (head >>> TTYP_AT) & 0x3f;
    }

    public int device() {
        return (int) (head >>> DID_AT) & 0xff_ffff;
    }

    /// process_id, -1 if there is none.
    public int process() {
        return (head & PV) == 0 ? -1 : (int) (head >>> 12) & 0xf_ffff;
    }
}
