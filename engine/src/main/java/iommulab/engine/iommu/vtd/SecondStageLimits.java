package iommulab.engine.iommu.vtd;

/// What an IOMMU can do with second-stage tables of a given depth.
///
/// @param levels 3, 4 or 5
/// @param iovaBits width of the iova that the tables translate
/// @param hostAddressBits width of the hpa that entries may hold
/// @param pages2M whether leaves of 2 MiB are allowed
/// @param pages1G whether leaves of 1 GiB are allowed
public record SecondStageLimits(
        int levels, int iovaBits, int hostAddressBits, boolean pages2M, boolean pages1G) {
    public SecondStageLimits {
        if (levels < 3 || levels > 5 || iovaBits > 12 + 9 * levels || hostAddressBits > 52) {
            throw new IllegalArgumentException(
                    "no second stage: %d levels, %d bits to %d bits"
                            .formatted(levels, iovaBits, hostAddressBits));
        }
        if (pages1G && !pages2M) {
            throw new IllegalArgumentException(
                    "1 GiB pages without 2 MiB pages: a 1 GiB page could not be split");
        }
    }

    /// The limits that a capability register states. Pages of 1 GiB are only used where those of 2 MiB
    /// are, into which they can be split.
    /// Spec: VT-d, "Capability Register", fields MGAW and SSLPS.
    ///
    /// @param capability CAP_REG
    /// @param hostAddressBits the processor's physical address width
    public static SecondStageLimits of(long capability, int levels, int hostAddressBits) {
        int guestBits = (int) (capability >>> 16 & 0x3f) + 1;
        boolean pages2M = (capability >>> 34 & 1) != 0;
        boolean pages1G = (capability >>> 35 & 1) != 0;
        return new SecondStageLimits(
                levels,
                Math.min(guestBits, 12 + 9 * levels),
                hostAddressBits,
                pages2M,
                pages2M && pages1G);
    }

    /// Level of the largest leaf that may map `bytes` from these addresses on: 1, 2 or 3.
    int leafLevel(long iova, long hpa, long bytes) {
        long bits = iova | hpa;
        if (pages1G && (bits & (1L << 30) - 1) == 0 && bytes >= 1L << 30) {
            return 3;
        }
        return pages2M && (bits & (1L << 21) - 1) == 0 && bytes >= 1L << 21 ? 2 : 1;
    }
}
