package iommulab.engine.os.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Reach;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.Value;

import org.junit.jupiter.api.Test;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an entry of a guest's invalidation reaches.
class GuestInvalidationTest {
    private static Reach command(String type, long low, long high) {
        var words =
                Value.of(
                        List.of(
                                Value.of("0x" + Long.toHexString(low)),
                                Value.of("0x" + Long.toHexString(high))));
        return GuestInvalidation.of(type, new Arguments(type, Map.of("cmd", words)));
    }

    private static Reach entry(String type, Object... fields) {
        var values = new LinkedHashMap<String, Value>();
        for (int i = 0; i < fields.length; i += 2) {
            values.put(fields[i].toString(), Value.of(fields[i + 1].toString()));
        }
        return GuestInvalidation.of(type, new Arguments(type, values));
    }

    private static Optional<Reach.AddressSpace> space(String kind, long number) {
        return Optional.of(new Reach.AddressSpace(kind, number));
    }

    @Test
    void aFirstStageEntryReachesItsPages() {
        assertThat(entry("vtd_s1", "addr", "0x3000", "npages", 2, "flags", 1))
                .isEqualTo(new Reach.Pages(Optional.empty(), 0x3000, 0x2000, true));
        assertThat(entry("vtd_s1", "npages", "0xffffffffffffffff"))
                .isEqualTo(new Reach.Everything(false));
        assertThat(entry("vtd_s1")).isInstanceOf(Reach.Nothing.class);
    }

    private static String errno(Reach reach) {
        return reach instanceof Reach.Refused(var errno, _) ? errno : "taken";
    }

    @Test
    void anEntryThatTheCallRefusesIsRefusedWithItsErrno() {
        assertThat(errno(entry("vtd_s1", "addr", "0x800"))).isEqualTo("EINVAL");
        assertThat(errno(entry("vtd_s1", "flags", 2))).isEqualTo("EOPNOTSUPP");
        assertThat(errno(command("arm_smmuv3", 0x46, 0))).as("CMD_SYNC").isEqualTo("EIO");
        assertThat(errno(command("amd", 7L << 60, 0))).as("COMPLETE_PPR").isEqualTo("EIO");
        assertThat(errno(entry("vtd_s1", "addr", "here"))).as("no number").isEmpty();
    }

    @Test
    void aStreamCommandNamesAsidStreamAndSubstream() {
        assertThat(command("arm_smmuv3", 0x11 | 9L << 48, 0))
                .isEqualTo(new Reach.Space(space("ASID", 9).orElseThrow()));
        assertThat(command("arm_smmuv3", 0x12 | 9L << 48, 0x5001))
                .isEqualTo(new Reach.Pages(space("ASID", 9), 0x5000, 4096, true));
        assertThat(command("arm_smmuv3", 0x05 | 3L << 12 | 0x8000_0001L << 32, 1))
                .isEqualTo(new Reach.PasidEntries(0x8000_0001L, Optional.of(3L)));
        assertThat(command("arm_smmuv3", 0x40 | 5L << 32, 52))
                .isEqualTo(new Reach.DeviceTlb(5, 0, 0));
    }

    @Test
    void aRangeOfAStreamCommandIsCountedInGranules() {
        long fourGranules = 3L << 12;
        assertThat(command("arm_smmuv3", 0x13 | fourGranules, 0x10000 | 1 << 10))
                .isEqualTo(new Reach.Pages(Optional.empty(), 0x10000, 4 * 4096, false));
    }

    @Test
    void aCommandOfAnAmdGuestReachesAllPagesOrAPowerOfTwo() {
        assertThat(command("amd", 3L << 60 | 7L << 32, 0x7fff_ffff_ffff_f003L))
                .isEqualTo(new Reach.Pages(space("domain", 7), 0, 0, false));
        assertThat(command("amd", 3L << 60 | 7L << 32, 0x4001))
                .as("the lowest zero bit of the address gives two pages")
                .isEqualTo(new Reach.Pages(space("domain", 7), 0x4000, 0x2000, true));
        assertThat(command("amd", 2L << 60 | 5, 0)).isEqualTo(new Reach.DeviceEntry(5));
        assertThat(command("amd", 1L << 60, 0)).isEqualTo(new Reach.Nothing("it waits"));
    }

    @Test
    void theSelftestNamesAWordOrAll() {
        assertThat(entry("selftest", "iotlb_id", 2))
                .isEqualTo(new Reach.Word(Optional.empty(), Optional.of(2L)));
        assertThat(entry("viommu_selftest", "vdev_id", 5, "flags", 1))
                .isEqualTo(new Reach.Word(Optional.of(5L), Optional.empty()));
    }
}
