package iommulab.engine.iommu.amdvi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Events of the log as the kernel prints them.
class AmdEventTest {
    private static final int NIC = 0x0300;

    private static String line(int code, int number, int flags) {
        return AmdEvent.ofRequest(code, NIC, number, flags, 0x4000_0010L).kernelLine();
    }

    @Test
    void aPageFaultIsPrintedWithTheDomain() {
        assertThat(line(AmdEvent.IO_PAGE_FAULT, 15, AmdEvent.WRITE))
                .isEqualTo(
                        "0000:03:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000f"
                                + " address=0x40000010 flags=0x0020]");
    }

    @Test
    void aPageFaultOfAPasidHasThePasidInPlaceOfTheDomain() {
        assertThat(line(AmdEvent.IO_PAGE_FAULT, 0x1_002a, AmdEvent.GUEST | AmdEvent.USER))
                .contains("domain=0x1002a")
                .contains("flags=0x0005");
    }

    @Test
    void anErrorOfTheDeviceTableHasNoDomain() {
        assertThat(line(AmdEvent.DEV_TAB_HARDWARE_ERROR, 0, AmdEvent.MASTER_ABORT))
                .isEqualTo(
                        "AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR device=0000:03:00.0"
                                + " address=0x40000010 flags=0x0200]");
    }

    @Test
    void anErrorOfAPageTableHasFourDigits() {
        assertThat(line(AmdEvent.PAGE_TAB_HARDWARE_ERROR, 15, AmdEvent.MASTER_ABORT))
                .contains("PAGE_TAB_HARDWARE_ERROR device=0000:03:00.0 pasid=0x000f address=");
    }

    @Test
    void anyOtherEventOfARequestHasFiveDigits() {
        assertThat(line(AmdEvent.ILLEGAL_DEV_TABLE_ENTRY, 0, AmdEvent.RESERVED_BIT))
                .isEqualTo(
                        "AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:03:00.0"
                                + " pasid=0x00000 address=0x40000010 flags=0x0080]");
        assertThat(line(AmdEvent.INVALID_DEVICE_REQUEST, 15, 0)).contains("pasid=0x0000f");
    }
}
