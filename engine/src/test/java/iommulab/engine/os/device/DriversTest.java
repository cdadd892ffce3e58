package iommulab.engine.os.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DriversTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"vfio-pci", "mlx5_vfio_pci", "hisi_acc_vfio_pci", "nvgrace_gpu_vfio_pci"})
    void driversMadeFromVfioLendTheirFunctionsAndClaimNothing(String driver) {
        assertThat(Devices.isVfio(driver)).isTrue();
        assertThat(Devices.claims(driver)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pci-stub", "pcieport"})
    void stubsAndPortsClaimNothing(String driver) {
        assertThat(Devices.isVfio(driver)).isFalse();
        assertThat(Devices.claims(driver)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"nvme", "e1000e", "gpio-no-dma", "mlx5_core"})
    void everyOtherDriverClaimsTheDefaultDomain(String driver) {
        assertThat(Devices.isVfio(driver)).isFalse();
        assertThat(Devices.claims(driver)).isTrue();
    }
}
