package iommulab.engine.ats;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.ats.AtsFunction.Sent;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.vtd.AtsBench;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Optional;

class AtsFunctionTest {
    private static final int PASID = AtsBench.PASID;
    private static final long IOVA = 0x40_0000_3000L;
    private static final long HOME = 0x8_0000_0000L;

    private final AtsBench lab = new AtsBench();
    private final AtsFunction device = device(PasidCapability.EVERYTHING, 8);

    private AtsFunction device(PasidCapability pasids, int capacity) {
        var function =
                new AtsFunction(
                        lab.unit(),
                        AtsBench.DEVICE,
                        pasids,
                        new CacheGeometry(4, 2, Replacement.LRU),
                        capacity,
                        1);
        function.tlb().setEnabled(true);
        function.pages().setEnabled(true);
        return function;
    }

    private Sent read(long iova) {
        return device.send(PasidPrefix.of(PASID), iova, Access.READ);
    }

    private Sent write(long iova) {
        return device.send(PasidPrefix.of(PASID), iova, Access.WRITE);
    }

    private static Sent reached(long hpa) {
        return new Sent.Answered(hpa);
    }

    // ---- translations

    @Test
    void aDeviceAsksOnceAndThenKnows() {
        lab.map(IOVA, HOME);
        assertThat(read(IOVA + 4)).isEqualTo(reached(HOME + 4));
        assertThat(device.tlb().lastHit()).isFalse();
        assertThat(read(IOVA + 8)).isEqualTo(reached(HOME + 8));
        assertThat(device.tlb().lastHit()).isTrue();
        assertThat(device.tlb().questions()).isEqualTo(1);
    }

    @Test
    void aWriteAfterAReadAsksAgainSoThatTheDirtyBitIsSet() {
        long leaf = lab.map(IOVA, HOME);
        read(IOVA);
        assertThat(lab.isDirty(leaf)).isFalse();
        assertThat(write(IOVA)).isEqualTo(reached(HOME));
        assertThat(lab.isDirty(leaf)).isTrue();
        assertThat(device.tlb().questions()).isEqualTo(2);
    }

    @Test
    void whatADeviceKnowsItUsesUntilItIsToldToForget() {
        lab.map(IOVA, HOME);
        read(IOVA);
        lab.map(IOVA, HOME + 0x1000);
        lab.forgetInIommu();
        assertThat(read(IOVA)).as("stale").isEqualTo(reached(HOME));
        lab.forgetInDevice(IOVA, 12);
        assertThat(read(IOVA)).isEqualTo(reached(HOME + 0x1000));
    }

    @Test
    void onlyTheRangeAndThePasidThatWereMeantAreForgotten() {
        lab.map(IOVA, HOME);
        lab.map(IOVA + 0x1000, HOME + 0x1000);
        lab.map(IOVA + 0x2000, HOME + 0x2000);
        for (int page = 0; page < 3; page++) {
            read(IOVA + page * 0x1000L);
        }
        lab.forgetInDevice(AtsBench.PASID + 1, IOVA, 64);
        lab.forgetInDevice(IOVA + 0x1000, 12);
        assertThat(List.of(knows(IOVA), knows(IOVA + 0x1000), knows(IOVA + 0x2000)))
                .containsExactly(true, false, true);
        lab.forgetInDevice(0, 64);
        assertThat(knows(IOVA)).isFalse();
    }

    private boolean knows(long iova) {
        read(iova);
        return device.tlb().lastHit();
    }

    @Test
    void aSupervisorsTranslationIsNotAUsers() {
        lab.map(IOVA, HOME);
        var supervisor = new PasidPrefix(PASID, false, true);
        assertThat(device.send(supervisor, IOVA, Access.READ)).isEqualTo(reached(HOME));
        read(IOVA);
        assertThat(device.tlb().lastHit()).isFalse();
    }

    @Test
    void switchedOffTheDeviceLeavesTranslationToTheIommu() {
        lab.map(IOVA, HOME);
        device.tlb().setEnabled(false);
        assertThat(read(IOVA)).isEqualTo(reached(HOME));
        assertThat(device.tlb().questions()).isZero();
    }

    // ---- invalidation

    @Test
    void aWaitDescriptorWaitsForTheDevice() {
        device.tlb().setAnswering(false);
        lab.forgetInDevice(IOVA, 12);
        assertThat(lab.waits()).as("while the device is silent").isTrue();
        device.tlb().setAnswering(true);
        assertThat(lab.waits()).isFalse();
        assertThat(lab.unit().openInvalidations()).isZero();
    }

    @Test
    void aDeviceThatNeverAnswersIsTimedOutAndTheQueueStopsUntilSoftwareSaysSo() {
        device.tlb().setAnswering(false);
        lab.forgetInDevice(IOVA, 12);
        lab.unit().timeOutInvalidations();
        assertThat(lab.hasTimeOut()).isTrue();
        assertThat(lab.waits()).as("the wait was given up").isTrue();
        lab.acknowledgeTimeOut();
        assertThat(lab.isQueueEmpty()).isTrue();
        device.tlb().setAnswering(true);
        assertThat(lab.hasCompletionError()).as("a late completion").isTrue();
    }

    // ---- page requests

    @Test
    void aPageThatIsMappedOnRequestIsReachedOnTheSecondTry() {
        assertThat(read(IOVA)).isEqualTo(new Sent.Unmapped(Optional.of(0)));
        assertThat(lab.requestedPage()).isEqualTo(IOVA);
        lab.map(IOVA, HOME);
        lab.respond(0, PageResponse.SUCCESS);
        var retry = device.pages().takeRetries();
        assertThat(retry).hasSize(1);
        assertThat(read(retry.getFirst().iova())).isEqualTo(reached(HOME));
    }

    @Test
    void aPageThatSoftwareRefusesIsGivenUp() {
        read(IOVA);
        lab.respond(0, PageResponse.INVALID_REQUEST);
        assertThat(device.pages().takeGivenUp()).hasSize(1);
        assertThat(device.pages().takeRetries()).isEmpty();
    }

    @Test
    void afterAFailureTheDeviceAsksNoMore() {
        read(IOVA);
        lab.respond(0, PageResponse.FAILURE);
        assertThat(device.pages().hasFailed()).isTrue();
        assertThat(read(IOVA)).isEqualTo(new Sent.Unmapped(Optional.empty()));
    }

    @Test
    void aGroupIsAnsweredAsAWhole() {
        var prefix = PasidPrefix.of(PASID);
        var pages =
                List.of(
                        new PageRequestInterface.Wanted(prefix, IOVA, true, false),
                        new PageRequestInterface.Wanted(prefix, IOVA + 0x1000, true, true));
        assertThat(device.pages().ask(pages)).contains(0);
        assertThat(lab.requests()).isEqualTo(2);
        assertThat(lab.unit().queues().getLast().recent())
                .containsExactly(
                        "0x0020, PASID 0x5 asks for 0x4000004000, read, write, group 0, last",
                        "0x0020, PASID 0x5 asks for 0x4000003000, read, group 0");
        lab.respond(0, PageResponse.SUCCESS);
        assertThat(device.pages().takeRetries()).isEqualTo(pages);
        assertThat(device.pages().outstanding()).isZero();
    }

    @Test
    void noMoreRequestsAreOpenThanTheDeviceMayHave() {
        var small = device(PasidCapability.EVERYTHING, 1);
        var first = new PageRequestInterface.Wanted(PasidPrefix.of(PASID), IOVA, true, false);
        assertThat(small.pages().ask(List.of(first))).isPresent();
        assertThat(small.pages().ask(List.of(first))).isEmpty();
    }

    @Test
    void anOverflowingQueueSaysSuccessAndTheDeviceAsksAgain() {
        lab.leaveRoomFor(1);
        read(IOVA);
        read(IOVA + 0x1000);
        assertThat(lab.hasOverflowed()).isTrue();
        assertThat(device.pages().takeRetries()).hasSize(1);
        assertThat(device.pages().outstanding()).isEqualTo(1);
    }

    @Test
    void withoutPreInTheContextEntryARequestIsInvalid() {
        lab.refusePageRequests();
        read(IOVA);
        assertThat(device.pages().takeGivenUp()).hasSize(1);
        assertThat(lab.recordedReason()).isEqualTo(0x47);
    }

    // ---- PASID prefix

    @ParameterizedTest
    @CsvSource({
        "0,  false, false, false, false, no PASID capability",
        "20, false, false, false, false, PASID Enable",
        "2,  true,  false, false, false, wider than the 2 bits",
        "20, true,  false, true,  false, Execute Permission Enable",
        "20, true,  true,  false, true,  Privileged Mode Enable",
    })
    void aPrefixThatTheCapabilityDoesNotAllowIsNotSent(
            int width,
            boolean enabled,
            boolean executeEnabled,
            boolean execute,
            boolean privileged,
            String why) {
        device.setPasids(
                new PasidCapability(width, width > 0, width > 0, enabled, executeEnabled, false));
        var sent = device.send(new PasidPrefix(PASID, execute, privileged), IOVA, Access.READ);
        assertThat(sent).isInstanceOf(Sent.NotSent.class);
        assertThat(((Sent.NotSent) sent).why()).contains(why);
    }

    @Test
    void aDeviceWithoutTheCapabilityStillSendsRequestsWithoutPasid() {
        device.setPasids(PasidCapability.ABSENT);
        lab.mapWithoutPasid(IOVA, HOME);
        assertThat(device.send(PasidPrefix.NONE, IOVA, Access.READ)).isEqualTo(reached(HOME));
    }

    @Test
    void goingBackBringsBackWhatTheDeviceKnew() {
        lab.map(IOVA, HOME);
        var before = device.tlb().checkpoint();
        read(IOVA);
        long knowing = device.tlb().stateHash();
        device.tlb().restore(before);
        assertThat(device.tlb().stateHash()).isNotEqualTo(knowing);
        read(IOVA);
        assertThat(device.tlb().lastHit()).isFalse();
        assertThat(device.tlb().stateHash()).isEqualTo(knowing);
    }
}
