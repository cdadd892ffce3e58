package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.device.GuestEntry;

/// The stream table entry that a guest has written for a device of its virtual SMMU: of its first two words
/// only what the guest may decide. Source: kernel `arm_smmu_validate_vste`.
final class VirtualStreamEntry {
    private static final long VALID = 1;

    /* V, Config, S1Fmt, S1ContextPtr, S1CDMax. */
    private static final long ALLOWED_LOW =
            VALID | 7 << 1 | 3 << 4 | 0x000f_ffff_ffff_ffc0L | 0x1fL << 59;

    /* S1DSS, S1CIR, S1COR, S1CSH, S1STALLD, EATS. */
    private static final long ALLOWED_HIGH = 0xff | 1 << 27 | 3 << 28;

    private VirtualStreamEntry() {}

    /// @param data `{ste=[word0, word1]}`
    /// @return the two words, both 0 if the entry is not valid
    /// @throws CallFailed (EIO) an entry that is not the guest's to write
    static GuestEntry of(Arguments data) throws CallFailed, BadArgument {
        long low = data.wordOfPair("ste", 0);
        long high = data.wordOfPair("ste", 1);
        if ((low & VALID) == 0) {
            return new GuestEntry(0, 0);
        }
        requireAllowed(0, low, ALLOWED_LOW);
        requireAllowed(1, high, ALLOWED_HIGH);
        int config = (int) (low >>> 1) & 7;
        if (config != 0 && config != 4 && config != 5) {
            throw new CallFailed(
                    "EIO",
                    "Config %d: a guest has stage 1 (5), bypass (4) or abort (0); stage 2 is the host's."
                            .formatted(config));
        }
        int ats = (int) (high >>> 28) & 3;
        if (ats > 1) {
            throw new CallFailed(
                    "EIO", "EATS %d: a guest has no ATS (0) or all of it (1).".formatted(ats));
        }
        return new GuestEntry(low, high);
    }

    private static void requireAllowed(int number, long word, long allowed) throws CallFailed {
        if ((word & ~allowed) != 0) {
            throw new CallFailed(
                    "EIO",
                    "Word %d of the stream table entry has bits 0x%x, which are not the guest's to set. Clear them."
                            .formatted(number, word & ~allowed));
        }
    }
}
