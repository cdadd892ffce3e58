package iommulab.engine.os.vfio;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.os.call.Value;

import java.util.List;

/// The structure that tells a container's page sizes and, in a chain behind it, its capabilities. Who gives
/// too little room learns how much is needed. Source: kernel `struct vfio_iommu_type1_info`.
final class InfoFrame {
    private static final long SMALLEST = 16;
    private static final long WHOLE = 24;

    /* Capabilities behind it. */
    private static final long MIGRATION = 32;
    private static final long MAPPINGS_LEFT = 12;
    private static final long RANGES = 16;
    private static final long RANGE = 16;

    private final long argsz;

    /// @throws CallFailed (EINVAL) it is shorter than it ever was
    InfoFrame(Arguments a) throws CallFailed, BadArgument {
        argsz = a.number("argsz");
        if (argsz < SMALLEST) {
            throw new CallFailed(
                    "EINVAL", "The structure has at least %d bytes.".formatted(SMALLEST));
        }
    }

    /// Of a container.
    ///
    /// @param ranges how many free ranges there are to tell
    Answer ofContainer(int ranges) {
        long chain = MIGRATION + MAPPINGS_LEFT + 4 + (ranges == 0 ? 0 : RANGES + RANGE * ranges);
        return answer(WHOLE + chain, argsz);
    }

    /// Of an IOMMUFD that stands for a container.
    ///
    /// @param ranges how many free ranges there are to tell
    Answer ofIommufd(int ranges) {
        long needed = WHOLE + MAPPINGS_LEFT + RANGES + RANGE * ranges;
        return answer(needed, needed);
    }

    private Answer answer(long needed, long argszIfEnough) {
        boolean fits = argsz >= needed;
        return Answer.OK
                .with("flags", Value.of(List.of(Value.of("pgsizes"), Value.of("caps"))))
                .with("cap_offset", fits ? WHOLE : 0)
                .with("argsz", fits ? argszIfEnough : needed);
    }
}
