package io.nextclick.it.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Network.Ipam;
import com.github.dockerjava.api.model.Network.Ipam.Config;
import java.util.List;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Network;

/**
 * A network whose containers have addresses of their own for ever: whoever is cut off, or starts
 * again, comes back under the same, as a machine does whose cable was pulled. Docker gives an
 * address of one's choice only in a subnet of one's choice, so the network is made of the subnet
 * that Docker would have taken by itself.
 */
final class SeverableNetwork implements AutoCloseable {

    private static final int ATTEMPTS = 5;

    private final DockerClient docker = DockerClientFactory.instance().client();
    private final String name;
    private final Network network;
    private String subnet;

    SeverableNetwork(String name) {
        this.name = name;
        network = make();
    }

    private Network make() {
        for (int attempt = 1; ; attempt++) {
            subnet = freeSubnet();
            Ipam ours = new Ipam().withConfig(List.of(new Config().withSubnet(subnet)));
            Network made =
                    Network.builder()
                            .createNetworkCmdModifier(
                                    command -> command.withName(name).withIpam(ours))
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

    /** The start of its containers' names, too. */
    String name() {
        return name;
    }

    Network network() {
        return network;
    }

    /**
     * An address of the network.
     *
     * @param number from 2 to 254
     */
    String address(int number) {
        return subnet.substring(0, subnet.lastIndexOf('.') + 1) + number;
    }

    /** Connects a container. */
    void join(String container, String alias, String address) {
        docker.connectToNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(container)
                .withContainerNetwork(
                        new ContainerNetwork()
                                .withAliases(alias)
                                .withIpamConfig(
                                        new ContainerNetwork.Ipam().withIpv4Address(address)))
                .exec();
    }

    /** Takes a container off the network. */
    void cut(String container) {
        docker.disconnectFromNetworkCmd()
                .withNetworkId(network.getId())
                .withContainerId(container)
                .withForce(true)
                .exec();
    }

    @Override
    public void close() {
        network.close();
    }
}
