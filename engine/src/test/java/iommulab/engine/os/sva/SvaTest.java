package iommulab.engine.os.sva;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.process.Capability;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.os.process.ProcessDescription.Buffer;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/// Devices that use addresses of processes, and PASIDs that stand for processes.
class SvaTest {
    private final KernelLab lab = lab(Architecture.VTD_SCALABLE);

    /// Each device has a driver of the kernel; `devA` and `devB` share a group, `devD` has PASIDs of 1 bit.
    private static KernelLab lab(Architecture architecture) {
        return KernelLab.of(
                architecture,
                List.of(process("p0"), process("p1")),
                true,
                List.of(
                        List.of(Device.of("devA").with("idxd"), Device.of("devB").with("idxd")),
                        List.of(Device.of("devC").with("idxd")),
                        List.of(Device.of("devD").with("idxd").withPasidBits(1)),
                        List.of(Device.of("devE"))));
    }

    private static ProcessDescription process(String name) {
        return new ProcessDescription(
                name,
                Set.of(Capability.values()),
                OptionalLong.empty(),
                List.of(
                        new Buffer("mem_" + name, 0x4000, true, false),
                        new Buffer("ro_" + name, 0x1000, false, false)));
    }

    private String bind(String device, String process) {
        return lab.first("sva.bind(device=%s, process=%s)", device, process);
    }

    private static String read(KernelLab lab, String device, String address, int pasid) {
        var answer =
                lab.ok(
                        "dma.issue(device=%s, iova=%s, dir=read, length=4, pasid=%d)",
                        device, address, pasid);
        var host = answer.returns().get("host");
        return (host == null ? answer.returns().get("outcome") : host).toString();
    }

    private String pasidOf(String process) {
        return lab.first("enqcmd.process_pasid(process=%s)", process);
    }

    // ---- bonds

    @ParameterizedTest
    @EnumSource(
            value = Architecture.class,
            names = {"VTD_SCALABLE", "AMD_VI", "SMMUV3", "RISCV"})
    void aDeviceReadsWhatTheProcessHas(Architecture architecture) {
        var machine = lab(architecture);
        passThrough(machine);
        machine.ok("sva.bind(device=devC, process=p0)");
        assertThat(read(machine, "devC", "mem_p0+0x1008", 1)).isEqualTo("mem_p0+0x1008");
        machine.ok("mem.munmap(range=mem_p0+0x1000, length=0x1000)");
        assertThat(read(machine, "devC", "mem_p0+0x1008", 1)).isEqualTo("fault");
        assertThat(read(machine, "devC", "mem_p0+0x2000", 1)).isEqualTo("mem_p0+0x2000");
        var write = "dma.issue(device=devC, iova=ro_p0, dir=write, length=4, pasid=1)";
        assertThat(machine.first(write)).isEqualTo("fault");
    }

    @ParameterizedTest
    @EnumSource(
            value = Architecture.class,
            names = {"VTD_SCALABLE", "SMMUV3"})
    void aProcessIsBoundBesideATranslatedDefaultDomain(Architecture architecture) {
        var machine = lab(architecture);
        machine.ok("sva.bind(device=devC, process=p0)");
        assertThat(read(machine, "devC", "mem_p0+0x1008", 1)).isEqualTo("mem_p0+0x1008");
        machine.ok("sva.bind(device=devA, process=p0)");
        assertThat(read(machine, "devB", "mem_p0", 1)).isEqualTo("mem_p0+0x0");
    }

    /// PASIDs beside second-stage tables are more than AMD-Vi and RISC-V can do.
    private static void passThrough(KernelLab machine) {
        machine.ok("driver.unbind(device=devC)");
        machine.ok("driver.group_type(group=2, type=identity)");
        machine.ok("driver.bind(device=devC, driver=idxd)");
    }

    @Test
    void aGroupHasOneBondWithAProcess() {
        var bond = bind("devA", "p0");
        assertThat(bind("devB", "p0")).isEqualTo(bond);
        assertThat(bind("devC", "p0")).isNotEqualTo(bond);
        assertThat(read(lab, "devB", "mem_p0", 1)).isEqualTo("mem_p0+0x0");
        lab.ok("sva.unbind(handle=%s)", bond);
        assertThat(read(lab, "devA", "mem_p0", 1)).isEqualTo("mem_p0+0x0");
        lab.ok("sva.unbind(handle=%s)", bond);
        assertThat(read(lab, "devA", "mem_p0", 1)).isEqualTo("fault");
        assertThat(read(lab, "devC", "mem_p0", 1)).isEqualTo("mem_p0+0x0");
    }

    @Test
    void aProcessKeepsItsNumberUntilItIsGoneAndNoBondIsLeft() {
        var bond = bind("devC", "p0");
        lab.ok("sva.unbind(handle=%s)", bond);
        assertThat(pasidOf("p0")).isEqualTo("1");
        var again = bind("devC", "p0");
        lab.ok("sva.process_exit(process=p0)");
        assertThat(read(lab, "devC", "0x1000000000", 1)).isEqualTo("fault");
        assertThat(lab.ok("sva.bind(device=devC, process=p1)").returns().get("pasid"))
                .hasToString("2");
        lab.ok("sva.unbind(handle=%s)", again);
        lab.ok("sva.fork(process=p1, child=c1)");
        assertThat(lab.ok("sva.bind(device=devC, process=c1)").returns().get("pasid"))
                .hasToString("1");
    }

    @Test
    void numbersHaveToFitTheDevice() {
        bind("devD", "p0");
        lab.refused("ENOSPC", "sva.bind(device=devD, process=p1)");
        bind("devC", "p1");
        lab.refused("EOVERFLOW", "sva.bind(device=devD, process=p1)");
    }

    @Test
    void aNumberThatAUserHasAttachedIsTaken() {
        var fd = lab.iommufd();
        var bound = lab.bind(fd, "devE");
        var table =
                lab.first(
                        "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[pasid])",
                        fd, bound.id(), lab.ioas(fd));
        lab.ok("vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=1)", bound.cdev(), table);
        lab.refused("EBUSY", "sva.bind(device=devE, process=p0)");
        assertThat(pasidOf("p0")).isEqualTo("0");
    }

    @Test
    void anExitClosesFilesAndLosesMemory() {
        bind("devC", "p0");
        var fd = lab.iommufd();
        lab.bind(fd, "devE");
        lab.ok("sva.process_exit(process=p0)");
        assertThat(lab.first("iommu.group_state(group=4)")).isEqualTo("none");
        lab.refused("EBADF", "iommufd.ioas_alloc(iommufd=%s)", fd);
    }

    @Test
    void aPageRequestIsAnsweredFromTheMemoryOfItsProcess() {
        bind("devC", "p0");
        var request = "sva.page_request(device=%s, pasid=%d, addr=%s, perm=%s)";
        assertThat(lab.first(request, "devC", 1, "ro_p0", "r")).isEqualTo("success");
        assertThat(lab.first(request, "devC", 1, "ro_p0", "rw")).isEqualTo("invalid");
        assertThat(lab.first(request, "devC", 1, "mem_p0", "x")).isEqualTo("invalid");
        assertThat(lab.first(request, "devC", 2, "mem_p0", "r")).isEqualTo("invalid");
        assertThat(lab.first(request, "devA", 1, "mem_p0", "r")).isEqualTo("invalid");
        assertThat(lab.first("mock.last_response(device=devA)")).isEqualTo("invalid");
        lab.ok("sva.process_exit(process=p0)");
        assertThat(lab.first(request, "devC", 1, "0x1000000000", "r")).isEqualTo("invalid");
    }

    // ---- ENQCMD

    private String submit(String process, String thread) {
        return lab.first("enqcmd.submit(process=%s, thread=%s, device=devC)", process, thread);
    }

    @Test
    void everyThreadTrapsOnceAndKeepsWhatWasLoaded() {
        assertThat(submit("p0", "t0")).isEqualTo("gp");
        var bond = bind("devC", "p0");
        assertThat(submit("p0", "t0")).isEqualTo("accepted");
        var second = lab.ok("enqcmd.submit(process=p0, thread=t1, device=devC)");
        assertThat(second.returns().get("fixup")).hasToString("true");
        lab.ok("sva.unbind(handle=%s)", bond);
        assertThat(submit("p0", "t0")).isEqualTo("accepted");
        assertThat(read(lab, "devC", "mem_p0", 1)).isEqualTo("fault");
    }

    @Test
    void aFullQueueAsksToTryAgain() {
        bind("devC", "p0");
        lab.ok("enqcmd.set_wq(device=devC, full=true)");
        assertThat(submit("p0", "t0")).isEqualTo("retry");
        lab.ok("enqcmd.set_wq(device=devC, full=false)");
        assertThat(submit("p0", "t0")).isEqualTo("accepted");
    }

    @Test
    void aRightThatIsTakenAwayBreaksTheGuestsLinks() {
        var machine = lab.first("kvm.vm_create(process=p0)");
        bind("devC", "p0");
        lab.ok("enqcmd.authorize(process=p0, pasid=40)");
        var link = "enqcmd.vm_map(vm=%s, guest_pasid=%d, host_pasid=%d)";
        lab.ok(link, machine, 3, 40);
        lab.ok(link, machine, 4, 1);
        lab.refused("EEXIST", link, machine, 3, 1);
        lab.refused("EPERM", link, machine, 5, 41);
        lab.refused("EINVAL", link, machine, 0, 1);
        lab.ok("enqcmd.revoke(process=p0, pasid=40)");
        lab.refused("ENOENT", "enqcmd.revoke(process=p0, pasid=40)");
        var submit = "enqcmd.guest_submit(vm=%s, device=devC, guest_pasid=%d)";
        assertThat(lab.first(submit, machine, 3)).isEqualTo("vmexit");
        assertThat(lab.first(submit, machine, 4)).isEqualTo("accepted");
    }

    @Test
    void outsideProposalModeTheCallsDoNotExist() {
        var today = KernelLab.of(Architecture.VTD_SCALABLE, 1);
        var machine = today.first("kvm.vm_create()");
        today.refused("ENOTTY", "enqcmd.authorize(process=p0, pasid=40)");
        today.refused("ENOTTY", "enqcmd.revoke(process=p0, pasid=40)");
        today.refused("ENOTTY", "enqcmd.vm_map(vm=%s, guest_pasid=1, host_pasid=1)", machine);
        today.refused("ENOTTY", "enqcmd.vm_unmap(vm=%s, guest_pasid=1)", machine);
    }
}
