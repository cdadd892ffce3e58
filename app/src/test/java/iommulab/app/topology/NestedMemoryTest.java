package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.PasidMachine;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Session;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What the column of memory says of a guest and of what is nested in it.
class NestedMemoryTest {
    @Test
    void guestAddressesAreNotTakenForHostMemory() throws CommandRefused {
        try (var session = Session.open(PasidMachine.describe(), List.of())) {
            var device = PasidMachine.NVME;
            int guest = made(session, new Command.CreateDomain(device, DomainType.UNMANAGED, 4));
            session.submit(
                            new Command.MapPages(
                                    guest, 0, 0xa00_0000, 0x40_0000, Permissions.READ_WRITE))
                    .join();
            int nested = made(session, new Command.CreateFirstStage(device, guest, 0));
            session.submit(
                            new Command.MapPages(
                                    nested, 0x4000_0000, 0x20_0000, 0x1000, Permissions.READ))
                    .join();
            var machine = session.newest();
            assertThat(MemorySpan.of(machine.memory(), machine.domains()))
                    .flatExtracting(MemorySpan::domains)
                    .extracting(MemorySpan.Share::domain)
                    .containsExactly(guest);
        }
    }

    private static int made(Session session, Command command) {
        return ((Outcome.DomainCreated) session.submit(command).join()).domain();
    }
}
