/* Agents that walk on a mesh and give way to each other. See navigation.h.
 *
 * Detour's crowd plans 8 ways at a time, some polygons a step; here the whole way is planned when an agent is sent, and
 * the crowd follows it.
 */
#include "DetourCommon.h"
#include "state.h"

enum { NOBODY = 0xFFFFFFFFu, LOOKS_EVERY = 8, CORRIDOR_POLYS = 256 };  // dtCrowd::init gives each agent so many
struct Agent { float radius, height, speed, acceleration, apart, gives_way; };

uint32_t lw_nav_crowd(uint32_t number, uint32_t agents_max, float radius_max) {
    Mesh *own = nav_mesh(number);
    dtCrowd *crowd = dtAllocCrowd();
    if (!crowd || !crowd->init((int)agents_max, radius_max, own->mesh)) {
        dtFreeCrowd(crowd);
        return 0;
    }
    dtFreeCrowd(own->crowd);
    own->crowd = crowd, own->radius_max = radius_max;
    dtObstacleAvoidanceParams params = *own->crowd->getObstacleAvoidanceParams(0);
    params.velBias = 0.5f, params.adaptiveDivs = 5, params.adaptiveRings = 2, params.adaptiveDepth = 1;
    own->crowd->setObstacleAvoidanceParams(0, &params);
    return 1;
}

static dtCrowdAgentParams params_of(const float *values, const Mesh *own) {
    Agent agent;
    lw_copy(&agent, values, sizeof agent);
    dtCrowdAgentParams params = {};
    params.radius = LW_MIN(agent.radius, own->radius_max), params.height = agent.height;
    params.maxSpeed = agent.speed, params.maxAcceleration = agent.acceleration;
    params.collisionQueryRange = agent.radius * 8, params.pathOptimizationRange = agent.radius * 30;
    params.separationWeight = agent.apart;
    params.updateFlags = DT_CROWD_ANTICIPATE_TURNS | DT_CROWD_OPTIMIZE_VIS;
    if (agent.gives_way > 0) params.updateFlags |= DT_CROWD_OBSTACLE_AVOIDANCE;
    if (agent.apart > 0) params.updateFlags |= DT_CROWD_SEPARATION;
    return params;
}

void lw_nav_add(uint32_t number, const float *places, const float *agents, uint32_t count, uint32_t *numbers) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++) {
        dtCrowdAgentParams params = params_of(agents + LW_NAV_AGENT * i, own);
        int index = own->crowd->addAgent(places + 3 * i, &params);
        numbers[i] = (uint32_t)index;
        if (index >= 0 && own->crowd->getAgent(index)->state == DT_CROWDAGENT_STATE_INVALID) {
            own->crowd->removeAgent(index);
            numbers[i] = NOBODY;
        }
    }
}

void lw_nav_remove(uint32_t number, const uint32_t *numbers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) nav_mesh(number)->crowd->removeAgent((int)numbers[i]);
}

void lw_nav_change(uint32_t number, const uint32_t *numbers, const float *agents, uint32_t count) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++) {
        dtCrowdAgentParams params = params_of(agents + LW_NAV_AGENT * i, own);
        own->crowd->updateAgentParameters((int)numbers[i], &params);
    }
}

static uint32_t send(Mesh *own, int index, const float *place, const float *reach) {
    dtCrowdAgent *agent = own->crowd->getEditableAgent(index);
    dtPolyRef last = 0;
    float to[3];
    own->query->findNearestPoly(place, reach, own->filter, &last, to);
    if (!last || agent->state != DT_CROWDAGENT_STATE_WALKING || !own->crowd->requestMoveTarget(index, last, to)) return 0;
    int polys = 0;
    dtPolyRef first = agent->corridor.getFirstPoly();
    dtStatus status = own->query->findPath(first, last, agent->npos, to, own->filter, own->path, &polys,
                                           CORRIDOR_POLYS);
    if (dtStatusFailed(status) || !polys) return 0;
    bool is_whole = own->path[polys - 1] == last;
    if (!is_whole) own->query->closestPointOnPoly(own->path[polys - 1], to, to, nullptr);
    agent->corridor.setCorridor(to, own->path, polys);
    agent->boundary.reset();
    agent->partial = !is_whole, agent->targetState = DT_CROWDAGENT_TARGET_VALID, agent->targetReplanTime = 0;
    return LW_NAV_PATH_FOUND | (is_whole ? LW_NAV_PATH_WHOLE : 0u);
}

void lw_nav_send(uint32_t number, const uint32_t *numbers, const float *places, uint32_t count, const float *reach,
                 uint32_t *found) {
    for (uint32_t i = 0; i < count; i++)
        found[i] = send(nav_mesh(number), (int)numbers[i], places + 3 * i, reach);
}

void lw_nav_steer(uint32_t number, const uint32_t *numbers, const float *velocities, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        nav_mesh(number)->crowd->requestMoveVelocity((int)numbers[i], velocities + 3 * i);
}

void lw_nav_halt(uint32_t number, const uint32_t *numbers, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) nav_mesh(number)->crowd->resetMoveTarget((int)numbers[i]);
}

void lw_nav_place(uint32_t number, const uint32_t *numbers, const float *places, uint32_t count, uint32_t *found) {
    Mesh *own = nav_mesh(number);
    for (uint32_t i = 0; i < count; i++) {
        dtCrowdAgent *agent = own->crowd->getEditableAgent((int)numbers[i]);
        dtPolyRef poly = 0;
        float at[3];
        own->query->findNearestPoly(places + 3 * i, own->crowd->getQueryHalfExtents(), own->filter, &poly, at);
        found[i] = poly != 0;
        if (!poly) continue;
        own->crowd->resetMoveTarget((int)numbers[i]);
        agent->corridor.reset(poly, at), agent->boundary.reset();
        dtVcopy(agent->npos, at), dtVset(agent->vel, 0, 0, 0), dtVset(agent->nvel, 0, 0, 0);
        agent->state = DT_CROWDAGENT_STATE_WALKING, agent->partial = false;
    }
}

// Agents without ground: the crowd leaves them where they are put, and the others see them.
void lw_nav_avoid(uint32_t number, const float *circles, uint32_t count, uint32_t *numbers) {
    dtCrowd *crowd = nav_mesh(number)->crowd;
    for (uint32_t i = 0; i < count; i++, circles += LW_NAV_CIRCLE) {
        dtCrowdAgentParams params = {};
        params.radius = circles[6], params.height = circles[7];
        if (numbers[i] == NOBODY) numbers[i] = (uint32_t)crowd->addAgent(circles, &params);
        if (numbers[i] == NOBODY) continue;
        dtCrowdAgent *round = crowd->getEditableAgent((int)numbers[i]);
        round->state = DT_CROWDAGENT_STATE_INVALID;
        round->params.radius = params.radius, round->params.height = params.height;
        dtVcopy(round->npos, circles), dtVcopy(round->vel, circles + 3), dtVcopy(round->dvel, circles + 3);
    }
}

// To look for a straighter way along the corridor is what costs most, and is as good some steps later: each agent has its turn.
void lw_nav_step(uint32_t number, float dt) {
    Mesh *own = nav_mesh(number);
    own->steps++;
    for (int i = 0; i < own->crowd->getAgentCount(); i++) {
        dtCrowdAgentParams &params = own->crowd->getEditableAgent(i)->params;
        if (((uint32_t)i + own->steps) % LOOKS_EVERY) params.updateFlags &= (unsigned char)~DT_CROWD_OPTIMIZE_VIS;
        else params.updateFlags |= DT_CROWD_OPTIMIZE_VIS;
    }
    own->crowd->update(dt, nullptr);
}

void lw_nav_state(uint32_t number, const uint32_t *numbers, uint32_t count, float *out) {
    for (uint32_t i = 0; i < count; i++, out += LW_NAV_STATE) {
        const dtCrowdAgent *agent = nav_mesh(number)->crowd->getAgent((int)numbers[i]);
        dtVcopy(out, agent->npos), dtVcopy(out + 3, agent->vel), dtVcopy(out + 6, agent->nvel);
        bool is_lost = agent->state == DT_CROWDAGENT_STATE_INVALID || agent->targetState == DT_CROWDAGENT_TARGET_FAILED;
        bool goes = agent->targetState != DT_CROWDAGENT_TARGET_NONE;
        out[9] = (float)(is_lost ? LW_NAV_LOST : goes ? LW_NAV_GOES : LW_NAV_IDLE);
    }
}
