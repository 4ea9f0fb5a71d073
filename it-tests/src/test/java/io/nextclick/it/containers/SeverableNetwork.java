package io.nextclick.it.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Network.Ipam;
import com.github.dockerjava.api.model.Network.Ipam.Config;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;

/**
 * A network whose containers can be cut off and come back under their old address, as a machine
 * does whose cable was pulled. Docker gives an address of one's choice only in a subnet of one's
 * choice, so the network is made of the subnet that Docker would have taken by itself.
 */
final class SeverableNetwork implements AutoCloseable {

    private static final int ATTEMPTS = 5;

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final String name;
    private final Network network;
    private final Map<String, String> cutAddresses = new HashMap<>();

    SeverableNetwork(String name) {
        this.name = name;
        network = make();
    }

    private Network make() {
        for (int attempt = 1; ; attempt++) {
            Ipam subnet = new Ipam().withConfig(List.of(new Config().withSubnet(freeSubnet())));
            Network made =
                    Network.builder()
                            .createNetworkCmdModifier(
                                    command -> command.withName(name).withIpam(subnet))
                            .build();
            try {
                made.getId();
                return made;
            } catch (DockerException e) {
                // Somebody else was given the subnet in between.
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private String freeSubnet() {
        String probe = docker.createNetworkCmd().withName(name + "-probe").exec().getId();
        try {
            return docker.inspectNetworkCmd()
                    .withNetworkId(probe)
                    .exec()
                    .getIpam()
                    .getConfig()
                    .get(0)
                    .getSubnet();
        } finally {
            docker.removeNetworkCmd(probe).exec();
        }
    }

    Network network() {
        return network;
    }

    /** Connects a container that was started elsewhere. */
    void join(String container, String alias) {
        connect(container, new ContainerNetwork().withAliases(alias));
    }

    /** Takes a container off the network. */
    void cut(String container) {
        cutAddresses.put(
                container,
                docker.inspectContainerCmd(container)
                        .exec()
                        .getNetworkSettings()
                        .getNetworks()
                        .get(name)
                        .getIpAddress());
        docker.disconnectFromNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(container)
                .withForce(true)
                .exec();
    }

    /** Brings a container back under its address and its name. */
    void heal(String container, String alias) {
        String address = cutAddresses.remove(container);
        if (address == null) {
            return;
        }
        connect(
                container,
                new ContainerNetwork()
                        .withAliases(alias)
                        .withIpamConfig(new ContainerNetwork.Ipam().withIpv4Address(address)));
    }

    private void connect(String container, ContainerNetwork settings) {
        docker.connectToNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(container)
                .withContainerNetwork(settings)
                .exec();
    }

    @Override
    public void close() {
        network.close();
    }
}
