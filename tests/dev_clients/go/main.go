// A session of Consul's Go client: scripts/clients runs it against two servers and compares the output.
package main

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"time"

	"github.com/hashicorp/consul/api"
)

// What differs between two servers.
var ids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// step prints the result of one call.
func step(name string, result any, err error) {
	fmt.Println(name, ids.ReplaceAllString(fmt.Sprintf("%+v %v", result, err), "ID"))
}

func main() {
	client, err := api.NewClient(&api.Config{Address: os.Args[1]})
	if err != nil {
		panic(err)
	}
	agent(client)
	locks(client)
	transactions(client)
	mesh(client)
	sessions(client)
	catalog(client)
}

func service(port int) *api.AgentServiceRegistration {
	return &api.AgentServiceRegistration{
		ID: "go-1", Name: "go", Port: port,
		Check:   &api.AgentServiceCheck{TTL: "1h", Status: "passing"},
		Connect: &api.AgentServiceConnect{SidecarService: &api.AgentServiceRegistration{}},
	}
}

func agent(client *api.Client) {
	agent := client.Agent()
	members, err := agent.Members(false)
	for _, member := range members {
		step("member", []any{member.Name, member.Status, member.Tags["role"]}, err)
	}
	step("register", nil, agent.ServiceRegister(service(80)))
	sidecar, _, err := agent.Service("go-1-sidecar-proxy", nil)
	step("sidecar", []any{sidecar.Kind, sidecar.Port, sidecar.Proxy.DestinationServiceName}, err)
	_, meta, err := agent.Service("go-1", nil)
	step("hash", meta.LastContentHash != "", err)
	woken := make(chan error)
	go func() {
		found, _, err := agent.Service("go-1", &api.QueryOptions{WaitHash: meta.LastContentHash, WaitTime: time.Minute})
		if err == nil && found.Port != 81 {
			err = fmt.Errorf("port %d", found.Port)
		}
		woken <- err
	}()
	step("register again", nil, agent.ServiceRegister(service(81)))
	step("woken", nil, <-woken)
	for _, id := range []string{"go-1", "none"} {
		status, info, err := agent.AgentHealthServiceByID(id)
		step("health by ID", []any{status, info != nil}, err)
	}
	status, infos, err := agent.AgentHealthServiceByName("go")
	step("health by name", []any{status, len(infos)}, err)
}

func locks(client *api.Client) {
	lock, err := client.LockOpts(&api.LockOptions{Key: "lock/one", SessionTTL: "10s", Value: []byte("me")})
	step("lock options", nil, err)
	held, err := lock.Lock(nil)
	step("lock", held != nil, err)
	pair, _, err := client.KV().Get("lock/one", nil)
	step("locked key", []any{pair.Session != "", pair.LockIndex, string(pair.Value), pair.Flags}, err)
	step("unlock", nil, lock.Unlock())
	step("destroy the lock", nil, lock.Destroy())
	semaphore, err := client.SemaphorePrefix("semaphore/", 2)
	step("semaphore", nil, err)
	held, err = semaphore.Acquire(nil)
	step("acquire", held != nil, err)
	step("release", nil, semaphore.Release())
	step("destroy the semaphore", nil, semaphore.Destroy())
}

func transactions(client *api.Client) {
	run := func(name string, operations ...*api.KVTxnOp) {
		ok, response, _, err := client.KV().Txn(operations, nil)
		step(name, []any{ok, len(response.Results), response.Errors}, err)
	}
	get := func(key string) *api.KVTxnOp { return &api.KVTxnOp{Verb: api.KVGet, Key: key} }
	set := &api.KVTxnOp{Verb: api.KVSet, Key: "transaction/a", Value: []byte("1")}
	run("transaction", set, get("transaction/a"))
	ok, response, _, err := client.KV().Txn(api.KVTxnOps{get("transaction/none")}, nil)
	step("failed transaction", []any{ok, response.Errors[0].What}, err)
}

func mesh(client *api.Client) {
	roots, _, err := client.Agent().ConnectCARoots(nil)
	step("roots", []any{len(roots.Roots), roots.Roots[0].Active}, err)
	leaf, _, err := client.Agent().ConnectCALeaf("go", nil)
	step("leaf", []any{leaf.Service, leaf.ServiceURI, leaf.ValidBefore.Sub(leaf.ValidAfter)}, err)
}

func sessions(client *api.Client) {
	session := client.Session()
	id, _, err := session.Create(&api.SessionEntry{Name: "s", TTL: "10s", Behavior: api.SessionBehaviorDelete}, nil)
	step("session", id, err)
	entry, _, err := session.Info(id, nil)
	step("info", []any{entry.Name, entry.TTL, entry.Behavior, entry.LockDelay, entry.NodeChecks}, err)
	entry, _, err = session.Renew(id, nil)
	step("renew", entry != nil, err)
	list, _, err := session.List(nil)
	step("list", len(list), err)
	_, err = session.Destroy(id, nil)
	step("destroy", nil, err)
}

func catalog(client *api.Client) {
	node, _, err := client.Catalog().NodeServiceList("dev", nil)
	var names []string
	for _, found := range node.Services {
		names = append(names, found.ID)
	}
	sort.Strings(names)
	step("node", names, err)
	proxies, _, err := client.Catalog().Connect("go", "", nil)
	step("proxies", len(proxies), err)
	step("deregister", nil, client.Agent().ServiceDeregister("go-1"))
	services, err := client.Agent().Services()
	step("services", len(services), err)
}
