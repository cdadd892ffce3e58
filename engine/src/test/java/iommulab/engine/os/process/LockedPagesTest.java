package iommulab.engine.os.process;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// Bills of locked pages: one for the user of all processes, one for each process.
class LockedPagesTest {
    private final KernelLab lab =
            KernelLab.of(
                    Architecture.VTD_SCALABLE,
                    List.of(
                            process("p0", Set.of(Capability.CAP_SYS_RESOURCE)),
                            process("p1", Set.of()),
                            process("root", Set.of(Capability.CAP_IPC_LOCK))),
                    1,
                    1);

    private static ProcessDescription process(String name, Set<Capability> rights) {
        return new ProcessDescription(
                name,
                rights,
                OptionalLong.of(4),
                List.of(new Buffer("mem_" + name, 0x10000, true, false)));
    }

    private String space(String fd, String device) {
        var ioas = lab.ioas(fd);
        lab.attach(lab.bind(fd, device), ioas);
        return ioas;
    }

    private static final String MAP =
            "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=mem_%s, length=0x%x,"
                    + " flags=[read, write], process=%s)";

    private long pinned(String process) {
        return Long.parseLong(lab.first("mem.pinned(process=%s)", process));
    }

    @Test
    void allProcessesOfAUserShareHisLimit() {
        var fd = lab.iommufd();
        var ioas = space(fd, "devA");
        lab.ok(MAP, fd, ioas, "p0", 0x3000, "p0");
        lab.refused("ENOMEM", MAP, fd, ioas, "p1", 0x2000, "p1");
        lab.ok(MAP, fd, ioas, "p1", 0x1000, "p1");
        assertThat(pinned("p0")).isEqualTo(3);
        assertThat(pinned("p1")).isEqualTo(1);
    }

    @Test
    void aProcessThatPaysItselfHasTheLimitForItself() {
        var fd = lab.iommufd();
        lab.ok("iommufd.option(iommufd=%s, option=rlimit_mode, op=set, val=1)", fd);
        var ioas = space(fd, "devA");
        lab.ok(MAP, fd, ioas, "p0", 0x3000, "p0");
        lab.ok(MAP, fd, ioas, "p1", 0x4000, "p1");
        lab.refused("ENOMEM", MAP, fd, ioas, "p1", 0x1000, "p1");
    }

    @Test
    void theBillOfTheUserAndThatOfTheProcessAreApart() {
        var fd = lab.iommufd();
        var ioas = space(fd, "devA");
        lab.ok(MAP, fd, ioas, "p0", 0x4000, "p0");
        lab.ok(
                "vfio.group_set_container(group_fd=%s, container=%s)",
                lab.first("vfio.group_open(group=2)"), lab.first("vfio.container_open()"));
        lab.ok("vfio.set_iommu(container=container1, type=TYPE1v2)");
        lab.ok("vfio.type1_map(container=container1, iova=0, vaddr=mem_p0, size=0x4000, flags=rw)");
        assertThat(pinned("p0")).isEqualTo(8);
    }

    @Test
    void whoMayLockMemoryHasNoLimit() {
        var fd = lab.iommufd();
        var ioas = space(fd, "devA");
        lab.ok(MAP, fd, ioas, "root", 0x10000, "root");
        assertThat(pinned("root")).isEqualTo(16);
        var refusal = lab.refused("ENOMEM", MAP, fd, ioas, "p1", 0x1000, "p1");
        assertThat(refusal.rule()).contains("p1 may lock 4 pages").contains("locked 16");
    }
}
