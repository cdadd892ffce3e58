package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.GuestEntry;

/// The device table entry that a guest has written for a device of its virtual AMD IOMMU. Source: kernel
/// `validate_gdte_nested`.
final class VirtualDeviceEntry {
    private static final int WORDS = 4;
    private static final long RUNNING = 1L | 1L << 55;
    private static final long MODE = 7 << 9;
    private static final long HOST_ROOT = (1L << 52) - 4096;
    private static final long GCR3_LOW = 7L << 58;
    private static final long GCR3_HIGH = 0xffffL << 16 | -1L << 43;

    private VirtualDeviceEntry() {}

    /// @param data `{dte=[word0, word1, word2, word3]}`
    /// @throws CallFailed (EINVAL) an entry that cannot be the guest's
    static GuestEntry of(Arguments data) throws CallFailed, BadArgument {
        long low = data.wordOf("dte", 0, WORDS);
        long high = data.wordOf("dte", 1, WORDS);
        long third = data.wordOf("dte", 2, WORDS);
        if ((low & (MODE | HOST_ROOT)) != 0) {
            throw new CallFailed(
                    "EINVAL",
                    "Mode and host table root are the host's: the guest's entry has 0 there, not 0x%x."
                            .formatted(low & (MODE | HOST_ROOT)));
        }
        if ((low & RUNNING) == RUNNING && (low & GCR3_LOW) == 0 && (high & GCR3_HIGH) == 0) {
            throw new CallFailed(
                    "EINVAL", "The entry has V and GV, and no GCR3 table: its root is 0.");
        }
        int paging = (int) (third >>> 54) & 3;
        if (paging > 1) {
            throw new CallFailed(
                    "EINVAL",
                    "Guest paging mode %d: there are 0, four levels, and 1, five."
                            .formatted(paging));
        }
        if ((low >>> 56 & 3) == 3) {
            throw new CallFailed("EINVAL", "GLX 3: GCR3 tables have one to three levels.");
        }
        return new GuestEntry(low, high, third);
    }
}
