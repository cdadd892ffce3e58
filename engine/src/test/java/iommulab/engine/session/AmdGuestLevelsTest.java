package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The entry of a device of AMD-Vi says once for all its PASIDs how deep their guest tables are.
class AmdGuestLevelsTest {
    private static final long IOVA = 0x40_0000L;
    private static final long TARGET = 0x5000L;
    private static final int PASID = 0x2a;

    private ArchitectureBench bench;

    @BeforeEach
    void aDeviceThatIsInAnIdentityDomain() throws CommandRefused {
        bench = new ArchitectureBench(Architecture.AMD_VI);
        bench.passThrough();
    }

    private int firstStage(int levels) throws CommandRefused {
        int domain =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, levels));
        bench.map(domain, IOVA, TARGET, 0x1000, Permissions.READ_WRITE);
        return domain;
    }

    private void attach(int pasid, int domain) throws CommandRefused {
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, pasid, domain));
    }

    private void detach(int pasid) throws CommandRefused {
        bench.run(new Command.DetachPasid(ArchitectureBench.DEVICE, pasid));
    }

    private void mustReachTarget(int pasid) throws CommandRefused {
        var event = bench.read(IOVA, PasidPrefix.of(pasid));
        assertThat(event.fault()).as("fault of PASID 0x%x", pasid).isEmpty();
        assertThat(event.target()).isEqualTo(TARGET);
    }

    @Test
    void aPasidOfFiveLevelsIsWalkedInFive() throws CommandRefused {
        attach(PASID, firstStage(5));
        mustReachTarget(PASID);
    }

    @Test
    void theDepthChangesWhenNoPasidOfAnotherIsLeft() throws CommandRefused {
        int shallow = firstStage(4);
        int deep = firstStage(5);
        attach(PASID, shallow);
        mustReachTarget(PASID);
        detach(PASID);
        attach(PASID, deep);
        mustReachTarget(PASID);
        detach(PASID);
        attach(PASID, shallow);
        mustReachTarget(PASID);
    }

    @Test
    void twoDepthsAtOnceAreRefused() throws CommandRefused {
        attach(PASID, firstStage(5));
        int shallow = firstStage(4);
        assertThatThrownBy(() -> attach(PASID + 1, shallow))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("5 levels");
        mustReachTarget(PASID);
    }
}
