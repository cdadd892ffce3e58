package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.Test;

/// Functions go while the kernel lends them out.
class KernelAfterEditsTest {
    private final KernelLab lab = KernelLab.of(Architecture.VTD_SCALABLE, 1, 1);
    private final Machine machine = lab.machine();

    private PciAddress address(String device) {
        return machine.kernel().devices().find(device).orElseThrow().address();
    }

    @Test
    void aFunctionThatGoesIsNotKnownToTheKernelAnyMore() throws Exception {
        long before = machine.stateHash();
        var then = machine.checkpoint();
        machine.apply(new Command.RemoveFunction(address("devB")));
        assertThat(machine.kernel().devices().find("devB")).isEmpty();
        assertThat(machine.kernel().devices().find("devA")).isPresent();
        machine.restore(then);
        assertThat(machine.kernel().devices().find("devB")).isPresent();
        assertThat(machine.stateHash()).isEqualTo(before);
    }

    @Test
    void aFunctionThatAUserHasStays() throws Exception {
        call(Call.of("iommufd.open"));
        call(Call.of("vfio.cdev_open").with("device", "devB"));
        call(Call.of("vfio.cdev_bind").with("cdev", "cdev1").with("iommufd", "iommufd1"));
        long before = machine.stateHash();
        assertThatThrownBy(() -> machine.apply(new Command.RemoveFunction(address("devB"))))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("is in use by iommufd1")
                .satisfies(refused ->
                        assertThat(((CommandRefused) refused).errno()).isEqualTo("EBUSY"));
        assertThat(machine.stateHash()).isEqualTo(before);
        assertThat(machine.kernel().devices().find("devB")).isPresent();
    }

    private void call(Call call) throws CommandRefused {
        assertThat(machine.apply(new Command.KernelCall(call)))
                .isInstanceOf(Outcome.Answered.class);
    }
}
